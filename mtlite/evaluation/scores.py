"""Corpus scores of one output: BLEU, chrF2 and TER by sacrebleu, each with its signature and its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mtlite.config.read import Count
from mtlite.evaluation.metrics import bleu_metric, check_lines, make_metrics
from mtlite.evaluation.statistics import (
    RESAMPLES,
    SentenceStatistics,
    interval_of,
    resampled_weights,
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

    score: float  # from 0 to 100 (TER: edits per 100 reference words; lower is better, above 100 is possible)
    signature: str  # how sacrebleu computed it
    mean: float | None = None  # mean score of the bootstrap resamples; None without intervals
    half_width: float | None = None  # half the width of the 95 % interval around that mean; None without intervals

    def __repr__(self) -> str:
        return f"{self.score:.2f}" + ("" if self.half_width is None else f" ± {self.half_width:.1f}")


@dataclass(frozen=True, repr=False)
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
    without_shifts: Count = 0  # sentences that are too long for all of TER

    def __repr__(self) -> str:
        return f"BLEU {self.bleu}  chrF2 {self.chrf2}  TER {self.ter}  ({self.sentences:,} sentences)"

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
    references: Sequence[str],
    target_language: str | None,
    *,
    confidence: bool = True,
    seed: int = DEFAULT_SEED,
) -> Scores:
    """Score detokenised hypotheses against the raw reference lines; raise DataError if they do not fit each other.

    Args:
        target_language: a code such as `de`; it chooses the words that BLEU counts.
    """
    return scores_of(sentence_statistics(hypotheses, references, target_language), confidence=confidence, seed=seed)


def scores_of(statistics: SentenceStatistics, *, confidence: bool = True, seed: int = DEFAULT_SEED) -> Scores:
    """Score an output whose counts were taken before."""
    bleu_counts, scores, resampled = statistics.counts["bleu"], {}, {}
    if confidence:
        resampled = weighted_scores(statistics, resampled_weights(len(bleu_counts), seed))
    for name, metric in make_metrics(None).items():
        value = metric._compute_score_from_stats(statistics.counts[name].sum(axis=0).tolist()).score
        scores[name] = MetricScore(value, statistics.signatures[name])
        if confidence:
            references, rest = statistics.signatures[name].split("|", maxsplit=1)
            signature = f"{references}|bs:{RESAMPLES}|seed:{seed}|{rest}"  # as sacrebleu writes it
            low, high = interval_of(resampled[name])
            scores[name] = MetricScore(value, signature, float(resampled[name].mean()), (high - low) / 2)
    hypothesis_length, reference_length, *ngrams = bleu_counts.sum(axis=0).tolist()
    lengths = len(bleu_counts), hypothesis_length, reference_length
    counted = *lengths, ngrams[:4], ngrams[4:], statistics.without_shifts
    return Scores(scores["bleu"], scores["chrf2"], scores["ter"], *counted)


def bleu(hypotheses: Sequence[str], references: Sequence[str], target_language: str | None) -> float:
    """The same BLEU and nothing else, quickly: for the dev set, during training. Raise DataError as `score` does."""
    check_lines(hypotheses, references)
    return float(bleu_metric(target_language).corpus_score(hypotheses, [references]).score)
