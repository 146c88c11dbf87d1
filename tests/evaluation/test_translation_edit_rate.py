"""TER is sacrebleu's for sentences of a usual length; for long ones it is bounded, and says so."""

from __future__ import annotations

import random

import pytest
from sacrebleu.metrics.ter import TER

from mtlite.evaluation.scores import score
from mtlite.evaluation.statistics import sentence_statistics
from mtlite.evaluation.translation_edit_rate import edits
from mtlite.limits import MAX_TER_WORDS


def sentence(words: int, seed: int, vocabulary: int = 300) -> str:
    draw = random.Random(seed)
    return " ".join(f"w{draw.randrange(vocabulary)}" for _ in range(words))


def plain_edits(first: list[str], second: list[str]) -> int:
    """The Levenshtein distance, cell by cell."""
    row = list(range(len(second) + 1))
    for number, word in enumerate(first, 1):
        before, row = row, [number]
        for at, other in enumerate(second):
            row.append(min(before[at + 1] + 1, row[at] + 1, before[at] + (word != other)))
    return row[-1]


@pytest.mark.parametrize("words", [0, 1, 7, 30])
@pytest.mark.parametrize("seed", range(5))
def test_edits_are_the_levenshtein_distance(words: int, seed: int) -> None:
    first, second = sentence(words, seed, 4).split(), sentence(seed * 5, seed + 9, 4).split()
    assert edits(first, second) == plain_edits(first, second)


def test_edits_of_many_words_are_at_least_the_levenshtein_distance() -> None:
    first = sentence(1500, 1).split()
    second = [*first[:700], "new", *first[720:]]
    assert plain_edits(first, second) <= edits(first, second) <= 200
    assert edits(first, first) == 0


def test_usual_sentences_are_scored_as_sacrebleu_does() -> None:
    hypotheses, references = (
        [sentence(60, seed, 40) for seed in range(4)],
        [sentence(55, seed, 40) for seed in range(4)],
    )
    found = score(hypotheses, references, "de", confidence=False)
    assert found.by_metric["ter"].score == TER().corpus_score(hypotheses, [references]).score
    assert (found.without_shifts, found.note) == (0, "")


@pytest.mark.parametrize("lengths", [(1000, 1000), (MAX_TER_WORDS + 1, 3), (3, MAX_TER_WORDS + 1), (20_000, 15_000)])
def test_a_long_sentence_is_scored_without_shifts_and_that_is_said(lengths: tuple[int, int]) -> None:
    hypothesis, reference = sentence(lengths[0], 1), sentence(lengths[1], 2)
    statistics = sentence_statistics([hypothesis, "a b"], [reference, "b a"], "de")
    counted, words = statistics.counts["ter"][0].tolist()
    assert abs(lengths[0] - lengths[1]) <= counted <= max(lengths)
    assert words == lengths[1]
    assert statistics.without_shifts == 1
    found = score([hypothesis], [reference], "de", confidence=False)
    assert f"without shifts in 1 sentences of more than {MAX_TER_WORDS} words" in found.note
