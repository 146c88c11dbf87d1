"""Runs of words: which ones a system gets right and another does not, and which ones it says twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mtlite.evaluation.metrics import Words

LONGEST = 4  # words in the longest n-gram
Ngrams = Counter[tuple[str, ...]]


@dataclass(frozen=True)
class NgramGain:
    """An n-gram that one system gets right more often than another."""

    ngram: str  # its words, with spaces between them
    correct: int  # how often the system has it where the reference has it
    correct_in_other: int  # how often the other system does


def ngrams_of(words: Sequence[str]) -> Ngrams:
    """All runs of one to four words."""
    lengths = range(1, LONGEST + 1)
    return Counter(tuple(words[at : at + length]) for length in lengths for at in range(len(words) - length + 1))


def correct_ngrams(hypotheses: Words, references: Words) -> Ngrams:
    """How often each n-gram is right: as often as it stands in hypothesis and reference of the same sentence."""
    correct: Ngrams = Counter()
    for hypothesis, reference in zip(hypotheses, references, strict=True):
        correct.update(ngrams_of(hypothesis) & ngrams_of(reference))
    return correct


def ngram_gains(correct: Ngrams, correct_in_other: Ngrams, count: int) -> list[NgramGain]:
    """The n-grams that tell a system best from another one, most telling first, as compare-mt ranks them.

    The rank is the share (correct + 1) / (correct + correct in other + 2), which trusts rare n-grams less
    (Neubig et al. 2019); of equal ones the longer comes first, as it says more.
    """

    def rank(ngram: tuple[str, ...]) -> tuple[float, int, tuple[str, ...]]:
        ours, theirs = correct[ngram], correct_in_other[ngram]
        return -(ours + 1) / (ours + theirs + 2), -len(ngram), ngram

    gained = sorted((ngram for ngram in correct if correct[ngram] > correct_in_other[ngram]), key=rank)
    return [NgramGain(" ".join(ngram), correct[ngram], correct_in_other[ngram]) for ngram in gained[:count]]


def has_repeat(words: Sequence[str]) -> bool:
    """Whether a run of one to four words is followed at once by itself."""
    return any(
        words[start : start + length] == words[start + length : start + 2 * length]
        for length in range(1, LONGEST + 1)
        for start in range(len(words) - 2 * length + 1)
    )


def share_with_repeat(sentences: Words) -> float:
    """The share of sentences that repeat themselves, 0 to 1."""
    return sum(map(has_repeat, sentences)) / len(sentences)
