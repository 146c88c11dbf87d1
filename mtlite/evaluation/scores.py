"""Corpus scores of one output, each with its signature and its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mtlite.config.options import DEFAULT_METRICS
from mtlite.config.read import Count
from mtlite.evaluation.metrics import LABELS, bleu_metric, check_lines, label_of, make_metrics
from mtlite.evaluation.references import References, as_streams
from mtlite.evaluation.statistics import (
    RESAMPLES,
    SentenceStatistics,
    interval_of,
    resampled_weights,
    scores_of_sums,
    sentence_statistics,
    weighted_scores,
)
from mtlite.limits import MAX_TER_WORDS

DEFAULT_SEED = 12345
"""The seed of sacrebleu's own resampling, so that its command line gives the same intervals."""
_USUAL_RATIO = 0.9, 1.1
"""Hypothesis words per reference word: outside it, the length decides much of BLEU."""
LEARNED = {"bleu": 2.0, "chrf2": 30.0}
"""By metric, a score that no system reaches which has learned nothing yet. Single words have no BLEU."""


@dataclass(frozen=True, repr=False)
class MetricScore:
    """One metric's verdict on one output."""

    score: float  # from 0 to 100 (error rates: edits per 100 tokens; lower is better, above 100 is possible)
    signature: str  # how it was computed
    mean: float | None = None  # mean score of the bootstrap resamples; None without intervals
    half_width: float | None = None  # half the width of the 95% interval around that mean; None without intervals

    def __repr__(self) -> str:
        return f"{self.score:.2f}" + ("" if self.half_width is None else f" ± {self.half_width:.1f}")


@dataclass(frozen=True, repr=False)
class Scores:
    """The scores of one output of a test set."""

    bleu: MetricScore  # cased BLEU
    chrf2: MetricScore
    ter: MetricScore | None  # None if it was not asked for
    sentences: int
    hypothesis_length: int  # words in all hypotheses, as BLEU counts them
    reference_length: int  # words in all references, as BLEU counts them
    correct: list[int]  # correct n-grams for n = 1, 2, 3, 4, as BLEU counts them
    total: list[int]  # n-grams in the hypotheses for n = 1, 2, 3, 4
    without_shifts: Count = 0  # sentences that are too long for all of TER
    others: dict[str, MetricScore] = field(default_factory=dict)  # by name, further metrics that were asked for

    def __repr__(self) -> str:
        said = (f"{label_of(name)} {score}" for name, score in self.by_metric.items())
        return f"{'  '.join(said)}  ({self.sentences:,} sentences)"

    @property
    def by_metric(self) -> dict[str, MetricScore]:
        """All scores by the name of the metric."""
        found = {name: getattr(self, name) for name in DEFAULT_METRICS}
        return {name: each for name, each in found.items() if each is not None} | self.others

    @property
    def length_ratio(self) -> float:
        """Hypothesis words per reference word; 0 if the references are empty."""
        return self.hypothesis_length / self.reference_length if self.reference_length else 0.0

    @property
    def brevity_penalty(self) -> float:
        """The factor of BLEU for outputs that are shorter than the references; 1 for all others."""
        return math.exp(min(0.0, 1 - self.reference_length / max(self.hypothesis_length, 1)))

    @property
    def note(self) -> str:
        """What a reader must know beside the figures; empty if nothing."""
        said = []
        if not self.hypothesis_length:
            said.append("all hypotheses are empty")
        elif missing := [order for order, count in enumerate(self.total, 1) if not count]:
            counts = f"it counts runs of 1 to {len(self.total)} words"
            said.append(f"BLEU is 0 since no hypothesis has {missing[0]} words: {counts}")
        if self.hypothesis_length and not _USUAL_RATIO[0] <= self.length_ratio <= _USUAL_RATIO[1]:
            said.append(f"the hypotheses have {self.length_ratio:.2f} times as many words as the references")
        if self.without_shifts:
            many = f"{self.without_shifts:,} sentences of more than {MAX_TER_WORDS} words"
            said.append(f"TER is without shifts in {many}")
        return "; ".join(said)


def score(
    hypotheses: Sequence[str],
    references: References,
    target_language: str | None,
    *,
    metrics: Iterable[str] = DEFAULT_METRICS,
    confidence: bool = True,
    seed: int = DEFAULT_SEED,
) -> Scores:
    """Score detokenised hypotheses against the raw reference lines; raise DataError if they do not fit each other.

    Args:
        target_language: a code such as `de`; it chooses the words that BLEU counts.
        metrics: those to score by, beside those that are always counted.
    """
    statistics = sentence_statistics(hypotheses, references, target_language, metrics)
    return scores_of(statistics, confidence=confidence, seed=seed)


def scores_of(statistics: SentenceStatistics, *, confidence: bool = True, seed: int = DEFAULT_SEED) -> Scores:
    """Score an output whose counts were taken before."""
    bleu_counts, scores, resampled = statistics.counts["bleu"], {}, {}
    if confidence:
        resampled = weighted_scores(statistics, resampled_weights(len(bleu_counts), seed))
    known = make_metrics(None, (name for name in statistics.counts if name in LABELS))
    for name, counts in statistics.counts.items():
        sums, signature = counts.sum(axis=0), statistics.signatures[name]
        value = float(scores_of_sums(name, sums))
        if name in known:  # to the last digit as sacrebleu says
            value = float(known[name]._compute_score_from_stats(sums.tolist()).score)
        scores[name] = MetricScore(value, signature)
        if confidence:
            references, bar, rest = signature.partition("|")
            signature = f"{references}|bs:{RESAMPLES}|seed:{seed}{bar}{rest}"  # as sacrebleu writes it
            low, high = interval_of(resampled[name])
            scores[name] = MetricScore(value, signature, float(resampled[name].mean()), (high - low) / 2)
    hypothesis_length, reference_length, *ngrams = map(int, bleu_counts.sum(axis=0).tolist())
    lengths = len(bleu_counts), hypothesis_length, reference_length
    counted = *lengths, ngrams[:4], ngrams[4:], statistics.without_shifts
    bleu, chrf2, ter = scores.pop("bleu"), scores.pop("chrf2"), scores.pop("ter", None)
    return Scores(bleu, chrf2, ter, *counted, others=scores)


def bleu(hypotheses: Sequence[str], references: References, target_language: str | None) -> float:
    """The same BLEU and nothing else, quickly: for the dev set, during training. Raise DataError as `score` does."""
    check_lines(hypotheses, references)
    return float(bleu_metric(target_language).corpus_score(hypotheses, as_streams(references)).score)
