"""Sentences sorted into buckets by a property, such as their length, and what systems achieve in each bucket."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mtlite.evaluation.statistics import bleu_of_sums, chrf2_of_sums


@dataclass(frozen=True)
class ScoresByBucket:
    """Corpus scores of the sentences of each bucket; the buckets are the same for all systems."""

    title: str  # the property that the sentences are sorted by
    buckets: list[str]  # values of the property, such as `10 to 14`; buckets without a sentence are left out
    sentences: list[int]
    bleu: dict[str, list[float]]  # by system, the BLEU of each bucket
    chrf2: dict[str, list[float]]  # by system, the chrF2 of each bucket


@dataclass(frozen=True)
class SentencesByBucket:
    """How many sentences of each system fall into each bucket."""

    title: str  # the property that the hypotheses are sorted by
    buckets: list[str]
    sentences: dict[str, list[int]]  # by system, the number of sentences in each bucket


def bucket_labels(edges: Sequence[int]) -> list[str]:
    """The names of the buckets between whole-numbered edges, where a bucket starts at its edge.

    >>> bucket_labels([5, 10, 11])
    ['<5', '5 to 9', '10', '≥11']
    """
    inner = [str(low) if low == high - 1 else f"{low} to {high - 1}" for low, high in pairwise(edges)]
    return [f"<{edges[0]}", *inner, f"≥{edges[-1]}"]


def scores_by_bucket(
    title: str,
    edges: Sequence[int],
    values: Sequence[float | None],
    bleu_counts: Mapping[str, np.ndarray],
    chrf2_counts: Mapping[str, np.ndarray],
) -> ScoresByBucket:
    """Score every bucket for every system.

    Args:
        values: the property of each sentence; None puts it into a bucket of its own.
        bleu_counts: by system, BLEU's counts [sentences, 10].
        chrf2_counts: by system, chrF2's counts [sentences, 18].
    """
    bucket_of_sentence = np.array([len(edges) + 1 if value is None else bisect_right(edges, value) for value in values])
    found = np.unique(bucket_of_sentence)
    labels = [*bucket_labels(edges), "not known"]
    members = [bucket_of_sentence == bucket for bucket in found]
    bleu, chrf2 = (
        {name: [float(score(counts[inside].sum(axis=0))) for inside in members] for name, counts in by_system.items()}
        for score, by_system in ((bleu_of_sums, bleu_counts), (chrf2_of_sums, chrf2_counts))
    )
    sentences = [int(inside.sum()) for inside in members]
    return ScoresByBucket(title, [labels[bucket] for bucket in found], sentences, bleu, chrf2)


def sentences_by_bucket(
    title: str, edges: Sequence[int], values: Mapping[str, Sequence[float] | np.ndarray]
) -> SentencesByBucket:
    """Count the hypotheses of each system in every bucket, by their property."""
    counts = {
        name: np.bincount([bisect_right(edges, value) for value in of_system], minlength=len(edges) + 1).tolist()
        for name, of_system in values.items()
    }
    return SentencesByBucket(title, bucket_labels(edges), counts)
