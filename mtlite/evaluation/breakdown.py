"""Where does each system fail? Tables for any number of systems, after compare-mt (Neubig et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mtlite.evaluation.buckets import ScoresByBucket, SentencesByBucket, scores_by_bucket, sentences_by_bucket
from mtlite.evaluation.examples import SentenceExample, SentenceExamples
from mtlite.evaluation.metrics import Words, check_lines, make_metrics, split_words
from mtlite.evaluation.ngrams import NgramGain, correct_ngrams, ngram_gains, share_with_repeat
from mtlite.evaluation.properties import sentence_properties
from mtlite.evaluation.references import References, first_of
from mtlite.evaluation.statistics import bleu_of_sentences, chrf2_of_sums, sentence_counts
from mtlite.evaluation.words import FREQUENCY_EDGES, WordsByFrequency, frequencies_of, words_by_frequency

LENGTH_EDGES = (5, 10, 15, 20, 30, 40, 60)
REORDERING_EDGES = (0, 1, 11, 21)
DIFFERENCE_EDGES = (-10, -5, -2, 0, 1, 3, 6, 11)
SENTENCE_BLEU_EDGES = (10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
SHOWN = 10  # sentences and n-grams in a list


@dataclass(frozen=True)
class Output:
    """One system's output as a whole."""

    length_ratio: float  # hypothesis words per reference word
    repeating: float  # share of hypotheses in which a run of one to four words is followed at once by itself


@dataclass(frozen=True)
class PairBreakdown:
    """What tells a system from the baseline, in both directions."""

    first: str  # the baseline
    second: str  # the system
    first_sentences: list[SentenceExample]  # where the first is further ahead in sentence BLEU, furthest first
    second_sentences: list[SentenceExample]
    first_ngrams: list[NgramGain]  # what the first gets right more often, most telling first
    second_ngrams: list[NgramGain]


@dataclass(frozen=True)
class Breakdown:
    """Where each system fails."""

    outputs: dict[str, Output]  # by system
    reference_repeating: float  # share of references that repeat themselves: how much of it is right
    source_length: ScoresByBucket
    reordering: ScoresByBucket  # by share of pairs of linked words in another order in the reference
    rarest_word: ScoresByBucket  # by frequency of the rarest word in the reference
    words: WordsByFrequency
    length_difference: SentencesByBucket  # hypothesis words minus reference words
    sentence_bleu: SentencesByBucket
    pairs: list[PairBreakdown]  # the baseline beside each other system


def break_down(
    systems: Mapping[str, Sequence[str]],
    sources: Sequence[str],
    references: References,
    *,
    baseline: str,
    source_language: str | None,
    target_language: str | None,
    training_frequencies: Mapping[str, int] | None = None,
) -> Breakdown:
    """Look at one output of each system; raise DataError if it has not one hypothesis for each sentence.

    Scores are those against all references of a sentence. Whatever looks at words, and examples, take the first one.

    Args:
        training_frequencies: how often a word of the target side occurs in training, as `word_frequencies` counts; if
            None, words are rare that are rare in the references.
    """
    for hypotheses in systems.values():
        check_lines(hypotheses, references)
    metrics, expected = make_metrics(target_language), first_of(references)
    bleu = {name: sentence_counts(metrics["bleu"], lines, references) for name, lines in systems.items()}
    chrf2 = {name: sentence_counts(metrics["chrf2"], lines, references) for name, lines in systems.items()}
    properties = sentence_properties(sources, expected, source_language, target_language, training_frequencies)
    reference_words = properties.reference_words
    words = {name: split_words(lines, target_language) for name, lines in systems.items()}
    counted_in = "references" if training_frequencies is None else "training pairs"
    frequencies = frequencies_of(reference_words) if training_frequencies is None else training_frequencies
    longer = {name: counts[:, 0] - counts[:, 1] for name, counts in bleu.items()}
    sentence_bleu = {name: bleu_of_sentences(counts) for name, counts in bleu.items()}
    of_sentences = sentence_bleu, {name: chrf2_of_sums(counts) for name, counts in chrf2.items()}
    examples = SentenceExamples(sources, expected, systems, *of_sentences)
    rarity = f"frequency of the rarest reference word in the {counted_in}"
    return Breakdown(
        outputs={name: Output(length_ratio(bleu[name]), share_with_repeat(lines)) for name, lines in words.items()},
        reference_repeating=share_with_repeat(reference_words),
        source_length=scores_by_bucket("words in the source", LENGTH_EDGES, properties.source_length, bleu, chrf2),
        reordering=scores_by_bucket(
            "pairs of words in another order, %", REORDERING_EDGES, properties.reordering, bleu, chrf2
        ),
        rarest_word=scores_by_bucket(rarity, FREQUENCY_EDGES, properties.rarest_word, bleu, chrf2),
        words=words_by_frequency(f"frequency in the {counted_in}", frequencies, words, reference_words),
        length_difference=sentences_by_bucket("hypothesis words minus reference words", DIFFERENCE_EDGES, longer),
        sentence_bleu=sentences_by_bucket("sentence BLEU", SENTENCE_BLEU_EDGES, sentence_bleu),
        pairs=_pairs(baseline, examples, words, reference_words),
    )


def _pairs(
    baseline: str, examples: SentenceExamples, words: Mapping[str, Words], reference_words: Words
) -> list[PairBreakdown]:
    correct = {name: correct_ngrams(lines, reference_words) for name, lines in words.items()}
    pairs = []
    for name in (name for name in words if name != baseline):
        sentences = examples.of_lead(baseline, name, SHOWN), examples.of_lead(name, baseline, SHOWN)
        ahead = ngram_gains(correct[baseline], correct[name], SHOWN)
        behind = ngram_gains(correct[name], correct[baseline], SHOWN)
        pairs.append(PairBreakdown(baseline, name, *sentences, ahead, behind))
    return pairs


def length_ratio(counts: np.ndarray) -> float:
    """Hypothesis words per reference word, from BLEU's counts [sentences, 10]; 0 if the references are empty."""
    written, expected = counts[:, :2].sum(axis=0).tolist()
    return written / expected if expected else 0.0
