"""Exact match, WER, PER and CER by other code, with one reference and with several."""

from __future__ import annotations

import random
from functools import cache

import pytest

from mtlite.evaluation.error_rates import ErrorRate, ExactMatch
from mtlite.evaluation.references import as_streams, listed
from mtlite.evaluation.scores import score
from mtlite.evaluation.statistics import scores_of_sums, sentence_statistics

HYPOTHESES = ["the cat sat", "", "a b c d", "HH AH L OW", " one  two ", "x"]
REFERENCES = ["the cat sat down", "nothing", "a c d", "HH AH L OW", "one two", "x y z"]


def distance(first: str | list[str], second: str | list[str]) -> int:
    """The Levenshtein distance by its definition."""

    @cache
    def between(left: int, right: int) -> int:
        if not (left and right):
            return left + right
        replaced = between(left - 1, right - 1) + (first[left - 1] != second[right - 1])
        return min(replaced, between(left - 1, right) + 1, between(left, right - 1) + 1)

    return between(len(first), len(second))


def rate_by_hand(hypotheses: list[str], references: list[str] | list[list[str]], characters: bool) -> float:
    """Edits for each token, against the nearest reference of each sentence, and of equally near ones the longest."""
    edits = tokens = 0
    for hypothesis, texts in zip(hypotheses, listed(references), strict=True):
        written = hypothesis.strip() if characters else hypothesis.split()
        expected = [text.strip() if characters else text.split() for text in texts]
        best, length = min((distance(written, each), -len(each)) for each in expected)
        edits, tokens = edits + best, tokens - length
    return 100 * edits / tokens


def several(references: list[str]) -> list[list[str]]:
    """One to three references a sentence: some words of the first replaced or left out."""
    draw = random.Random(5)

    def varied(text: str) -> str:
        return " ".join(draw.choice([word, "new"]) for word in text.split() if draw.random() < 0.9)

    return [[text, *(varied(text) for _ in range(draw.randrange(3)))] for text in references]


@pytest.mark.parametrize("metric", ["wer", "per", "cer"])
def test_error_rates_by_other_code(metric: str, hypotheses: list[str], references: list[str]) -> None:
    for written, expected in (
        (HYPOTHESES, REFERENCES),
        (hypotheses, references),
        (hypotheses, several(references)),
    ):
        found = score(written, expected, "en", metrics=[metric]).by_metric[metric]
        assert found.score == pytest.approx(rate_by_hand(written, expected, metric == "cer"))
        assert found.half_width
        tokens = {"wer": "words", "per": "phones", "cer": "characters"}[metric]
        assert f"|tok:{tokens}|version:mtlite-" in found.signature


def test_exact_match_by_other_code(hypotheses: list[str], references: list[str]) -> None:
    for written, expected in ((HYPOTHESES, REFERENCES), (hypotheses, references), (hypotheses, several(references))):
        right = sum(text in texts for text, texts in zip(written, listed(expected), strict=True))
        found = score(written, expected, "en", metrics=["exact-match"]).by_metric["exact-match"]
        assert found.score == pytest.approx(100 * right / len(written))
    assert score(HYPOTHESES, REFERENCES, "en", metrics=["exact-match"]).by_metric["exact-match"].score > 0


def test_empty_references_are_counted() -> None:
    """A sentence without a token of its own adds its insertions; a set without any token is all wrong, or all right."""
    assert score(["a", "b"], ["", "b"], "en", metrics=["wer"]).by_metric["wer"].score == 100
    assert score(["a"], [""], "en", metrics=["wer"]).by_metric["wer"].score == 100
    assert score([""], [""], "en", metrics=["wer", "exact-match"]).by_metric["wer"].score == 0
    assert score([""], [""], "en", metrics=["exact-match"]).by_metric["exact-match"].score == 100


@pytest.mark.parametrize("metric", [ExactMatch(), ErrorRate("words"), ErrorRate("characters")])
def test_sums_of_counts_are_the_score_of_the_whole(metric: ErrorRate | ExactMatch) -> None:
    name = {"sentences": "exact-match", "words": "wer", "characters": "cer"}[metric.tokens]
    counts = sentence_statistics(HYPOTHESES, REFERENCES, "en", [name]).counts[name]
    assert counts.shape == (len(HYPOTHESES), 2)
    whole = metric.corpus_score(HYPOTHESES, as_streams(REFERENCES)).score
    assert scores_of_sums(name, counts.sum(axis=0)) == pytest.approx(whole)
