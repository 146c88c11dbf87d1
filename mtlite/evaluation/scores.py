"""Corpus scores of one output: BLEU, chrF2 and TER by sacrebleu, each with its signature and its uncertainty."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mtlite.evaluation.metrics import bleu_metric, check_lines, make_metrics
from mtlite.evaluation.statistics import (
    RESAMPLES,
    SCORE_OF_SUMS,
    SentenceStatistics,
    interval_of,
    resampled_weights,
    sentence_statistics,
)

DEFAULT_SEED = 12345
"""The seed of sacrebleu's own resampling, so that its command line gives the same intervals."""


@dataclass(frozen=True)
class MetricScore:
    """One metric's verdict on one output."""

    score: float  # from 0 to 100 (TER: edits per 100 reference words; lower is better, above 100 is possible)
    signature: str  # how sacrebleu computed it
    mean: float | None = None  # mean score of the bootstrap resamples; None without intervals
    half_width: float | None = None  # half the width of the 95 % interval around that mean; None without intervals


@dataclass(frozen=True)
class Scores:
    """The scores of one output of a test set."""

    bleu: MetricScore  # cased BLEU
    chrf2: MetricScore
    ter: MetricScore
    sentences: int
    hypothesis_length: int  # words in all hypotheses, as BLEU counts them
    reference_length: int  # words in all references, as BLEU counts them
    correct: list[int]  # correct n-grams for n = 1, 2, 3, 4, as BLEU counts them
    total: list[int]  # n-grams in the hypotheses for n = 1, 2, 3, 4

    @property
    def length_ratio(self) -> float:
        """Hypothesis words per reference word; 0 if the references are empty."""
        return self.hypothesis_length / self.reference_length if self.reference_length else 0.0


def score(
    hypotheses: Sequence[str],
    references: Sequence[str],
    target_language: str | None,
    *,
    confidence: bool = True,
    seed: int = DEFAULT_SEED,
) -> Scores:
    """Scores detokenised hypotheses against the raw reference lines.

    Args:
        target_language: A code such as `de`; it chooses the words that BLEU counts.

    Raises:
        DataError: The hypotheses do not belong to the references, line by line, or there are none.
    """
    statistics = sentence_statistics(hypotheses, references, target_language)
    return scores_of(statistics, confidence=confidence, seed=seed)


def scores_of(statistics: SentenceStatistics, *, confidence: bool = True, seed: int = DEFAULT_SEED) -> Scores:
    """The same scores from counts that were taken before."""
    lengths_and_ngrams = statistics.counts["bleu"].sum(axis=0).tolist()
    return Scores(
        **metric_scores(statistics, confidence, seed),
        sentences=len(statistics.counts["bleu"]),
        hypothesis_length=lengths_and_ngrams[0],
        reference_length=lengths_and_ngrams[1],
        correct=lengths_and_ngrams[2:6],
        total=lengths_and_ngrams[6:10],
    )


def metric_scores(statistics: SentenceStatistics, confidence: bool, seed: int) -> dict[str, MetricScore]:
    """The score of each metric by name, with its interval if wanted."""
    scores = {}
    for name, metric in make_metrics(None).items():
        sums = statistics.counts[name].sum(axis=0).tolist()
        scores[name] = MetricScore(metric._compute_score_from_stats(sums).score, statistics.signatures[name])
    if confidence:
        resampled: dict[str, list[np.ndarray]] = {name: [] for name in scores}
        for weights in resampled_weights(len(statistics.counts["bleu"]), seed):
            for name, counts in statistics.counts.items():
                resampled[name].append(SCORE_OF_SUMS[name](weights @ counts))
        for name, chunks in resampled.items():
            values = np.concatenate(chunks)
            low, high = interval_of(values)
            scores[name] = dataclasses.replace(
                scores[name],
                signature=resampled_signature(scores[name].signature, seed),
                mean=float(values.mean()),
                half_width=(high - low) / 2,
            )
    return scores


def resampled_signature(signature: str, seed: int) -> str:
    """The signature of a score with its interval, as sacrebleu writes it."""
    references, rest = signature.split("|", maxsplit=1)
    return f"{references}|bs:{RESAMPLES}|seed:{seed}|{rest}"


def bleu(hypotheses: Sequence[str], references: Sequence[str], target_language: str | None) -> float:
    """The same BLEU and nothing else, quickly: for the dev set, during training.

    Raises:
        DataError: The hypotheses do not belong to the references, line by line, or there are none.
    """
    check_lines(hypotheses, references)
    return float(bleu_metric(target_language).corpus_score(hypotheses, [references]).score)
