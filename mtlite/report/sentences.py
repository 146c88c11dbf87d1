"""All sentences of the test sets with all their translations, for the part of the page that sorts and filters them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mtlite.comparison.results import ComparisonResults, EvaluationSets
from mtlite.comparison.systems import TrainedSystem, named_seeds
from mtlite.config.read import plain
from mtlite.evaluation.breakdown import DIFFERENCE_EDGES, LENGTH_EDGES, REORDERING_EDGES, SENTENCE_BLEU_EDGES
from mtlite.evaluation.buckets import bucket_labels
from mtlite.evaluation.metrics import tokenizer_name
from mtlite.evaluation.properties import sentence_properties
from mtlite.evaluation.references import first_of, most_of_a_sentence
from mtlite.evaluation.statistics import bleu_of_sentences
from mtlite.evaluation.words import FREQUENCY_EDGES
from mtlite.languages import UNSPACED, script_of_language
from mtlite.report.document import Explorer
from mtlite.visible import visible, visible_line

MOST_CHARACTERS = 20_000_000
"""Of all texts in a page: a browser opens 20 MB in a second or two."""


@dataclass(frozen=True)
class Property:
    """By which sentences are sorted into buckets."""

    name: str  # that of the table in the report that does so
    title: str
    edges: Sequence[int]
    labels: list[str]  # of the buckets; the last one is for what is not known
    ofHypothesis: bool  # noqa: N815 - as the script calls it: of each system's output, not of the pair


def _property(name: str, title: str, edges: Sequence[int], of_hypothesis: bool = False) -> Property:
    return Property(name, title, edges, bucket_labels(edges) + ([] if of_hypothesis else ["not known"]), of_hypothesis)


PROPERTIES = [
    _property("length", "source words", LENGTH_EDGES),
    _property("word-order", "pairs of words in another order, %", REORDERING_EDGES),
    _property("rarest-word", "rarest word: times seen", FREQUENCY_EDGES),
    _property("words", "one word: times seen", FREQUENCY_EDGES),
    _property("length-difference", "words too many", DIFFERENCE_EDGES, of_hypothesis=True),
    _property("sentence-bleu", "BLEU", SENTENCE_BLEU_EDGES, of_hypothesis=True),
]


@dataclass(frozen=True)
class SentencesOfTest:
    """A test set, as the script reads it."""

    name: str
    sources: list[str]
    references: list[str]
    values: dict[str, list[object]]  # by property, that of each sentence: a number, None, or a number for each bucket
    hypotheses: list[list[tuple[str, float, int]]]  # different ones of each sentence, BLEU, words that are too many
    outputs: list[dict[int, list[int]]]  # of each system by seed, which of these it has written


def explorer(systems: Sequence[TrainedSystem], results: ComparisonResults, sets: EvaluationSets) -> Explorer:
    """The sentences with the outputs of all seeds, or with as much of them as a page can carry.

    Args:
        systems: in the order of the tables.
    """
    seeds, share = _what_fits(systems, results, sets)
    tests = [_test(test, math.ceil(share * len(sets.references(test))), systems, seeds, sets) for test in sets.tests]
    family = results.families[0] if results.families else None
    names = [system.name for system in systems]
    every = sorted({seed for of_system in seeds for seed in of_system})
    data = {
        "systems": list(map(visible_line, names)),
        "seeds": every,
        "tests": tests,
        "properties": PROPERTIES,
        "baseline": names.index(family.baseline) if family else 0,
        "test": sets.tests.index(family.test) if family else 0,
        "seed": every[0] if results.breakdown_seed is None else results.breakdown_seed,
        "languages": {"source": sets.source_language, "target": sets.target_language},
        "unspaced": script_of_language(sets.target_language) in UNSPACED
        or tokenizer_name(sets.target_language) == "char",
    }
    left_out = f" Only the first {share:.0%} of each test set: more would make the page too large." if share < 1 else ""
    several = max(most_of_a_sentence(sets.references(test)) for test in sets.tests) > 1
    first = " Of several references, the first one is shown; sentence BLEU counts all." if several else ""
    words = f"Every sentence with the outputs of {named_seeds(every)}, without beam search, as in the tables.{left_out}"
    words += first
    return Explorer("Sentences", words, plain(data))


def _what_fits(
    systems: Sequence[TrainedSystem], results: ComparisonResults, sets: EvaluationSets
) -> tuple[list[list[int]], float]:
    """The seeds of each system, and the share of the sentences, whose outputs a page can carry."""
    one_seed = [
        [results.breakdown_seed if results.breakdown_seed in system.runs else min(system.runs)] for system in systems
    ]
    pairs = sum(
        len(line) for test in sets.tests for side in ("source", "target") for line in sets.sides[f"{test}.{side}"]
    )
    size = 0
    for seeds in ([sorted(system.runs) for system in systems], one_seed):
        size = pairs + sum(
            len(line)
            for system, of_system in zip(systems, seeds, strict=True)
            for seed in of_system
            for test in sets.tests
            for line in system.runs[seed].outputs["greedy"][test].hypotheses
        )
        if size <= MOST_CHARACTERS:
            return seeds, 1.0
    return one_seed, MOST_CHARACTERS / size


def _test(
    test: str, count: int, systems: Sequence[TrainedSystem], seeds: Sequence[Sequence[int]], sets: EvaluationSets
) -> SentencesOfTest:
    """The first sentences of a test set. Equal outputs of a sentence are kept once."""
    sources, references = sets.sides[f"{test}.source"], first_of(sets.references(test))
    languages = sets.source_language, sets.target_language
    properties = sentence_properties(sources, references, *languages, sets.frequencies)
    values: dict[str, Sequence[object]] = {
        "length": properties.source_length,
        "word-order": properties.reordering,
        "rarest-word": properties.rarest_word,
        "words": [sorted({_start_of_bucket(each) for each in of_words}) for of_words in properties.frequencies],
    }
    numbers: list[dict[tuple[str, float, int], int]] = [{} for _ in range(count)]
    outputs = [
        {seed: _which(system, seed, test, numbers) for seed in of_system}
        for system, of_system in zip(systems, seeds, strict=True)
    ]
    return SentencesOfTest(
        test,
        list(map(visible, sources[:count])),
        list(map(visible, references[:count])),
        {name: list(of_sentences[:count]) for name, of_sentences in values.items()},
        [list(of_sentence) for of_sentence in numbers],
        outputs,
    )


def _start_of_bucket(frequency: int) -> int:
    return max(edge for edge in FREQUENCY_EDGES if edge <= frequency)


def _which(
    system: TrainedSystem, seed: int, test: str, numbers: Sequence[dict[tuple[str, float, int], int]]
) -> list[int]:
    """For each sentence the number of an output among the different ones, to which it is added if it is new."""
    output = system.runs[seed].outputs["greedy"][test]
    counts = output.statistics.counts["bleu"][: len(numbers)]
    # One decimal place, rounded down: a sentence stays in its bucket.
    bleu = [math.floor(10 * score) / 10 for score in bleu_of_sentences(counts)]
    longer = map(int, counts[:, 0] - counts[:, 1])
    lines = zip(numbers, map(visible, output.hypotheses), bleu, longer, strict=False)
    return [seen.setdefault((text, score, more), len(seen)) for seen, text, score, more in lines]
