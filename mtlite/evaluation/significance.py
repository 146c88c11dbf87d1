"""Which differences between systems are shown?

A system is one way to train, run with one or more seeds, which gives one output of the same test set per seed. The
quantity is the difference of the means over seeds of the corpus score. Other sentences and other seeds would both have
given another difference; `uncertainty` adds up what they contribute, so that each difference has one p.

A difference is called shown if its p, after Holm's (1979) adjustment for all differences of its family, is below 0.05.
Where no system differs, that happens in one family out of twenty, or fewer. Systems with one or two seeds have
differences and no verdict, and do not count in the family. Each metric has a family of its own. The first one is what a
comparison is about, chosen before the training; verdicts by the others are secondary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

import numpy as np

from mtlite.config.options import DEFAULT_METRICS
from mtlite.errors import DataError
from mtlite.evaluation.metrics import ALWAYS, sign_of
from mtlite.evaluation.scores import DEFAULT_SEED
from mtlite.evaluation.statistics import (
    RESAMPLES,
    SentenceStatistics,
    interval_of,
    resampled_weights,
    weighted_scores,
)
from mtlite.evaluation.uncertainty import TOLERANCE, Uncertainty, over_sentences, over_sentences_and_seeds

SIGNIFICANCE_LEVEL = 0.05
"""Those of a comparison that asks for no others, the first being what it is about."""

Pair = tuple[str, str]
Systems = Mapping[str, Mapping[int, SentenceStatistics]]
"""By name and training seed, the counts of one output of the same test set."""
ResampledScores = Mapping[int, Mapping[str, np.ndarray]]
"""By seed and metric, the score of a system, then those of its resamples [1 + resamples]."""


class Verdict(StrEnum):
    """What may be said about a difference."""

    SHOWN = "shown"  # neither other sentences nor other seeds explain it
    NOT_SHOWN = "not shown"  # sentences or seeds could explain it; it may exist all the same
    TOO_FEW_SEEDS = "too few seeds"  # there is nothing that tells how much other trainings would differ


@dataclass(frozen=True)
class Difference:
    """How far one system is above another in one metric, in points."""

    effect: float  # difference of the means over seeds of the corpus score
    sentence_interval: tuple[float, float]  # 95% interval over resampled sentences, outputs fixed
    sentence_p: float  # two-sided, over sentences alone: of these outputs, not of the systems
    uncertainty: Uncertainty | None  # over sentences and seeds; None with fewer than three seeds of a system
    interval: tuple[float, float] | None  # 95%, for other sentences and other seeds; None without an uncertainty
    p: float | None  # two-sided, over sentences and seeds; None without an uncertainty
    adjusted_p: float | None = None  # the same, adjusted for the family
    smallest_shown: float | None = None  # what this comparison shows in its family with a probability of 80%
    verdict: Verdict = Verdict.TOO_FEW_SEEDS


@dataclass(frozen=True)
class ComparedPair:
    """The second system against the first one."""

    first: str  # what is compared with: the baseline in the primary family
    second: str  # positive differences mean that this one has the higher score
    seeds: tuple[list[int], list[int]]  # those of the first system, and those of the second
    differences: dict[str, Difference]  # by metric, the one that the comparison is about first

    @property
    def difference(self) -> Difference:
        """That in the first metric."""
        return next(iter(self.differences.values()))

    @property
    def verdict(self) -> Verdict:
        """What may be said about the difference in the first metric."""
        return self.difference.verdict

    def is_better(self, metric: str) -> bool | None:
        """Whether a metric has the second system above the first; None if it has both equal."""
        ahead = sign_of(metric) * self.differences[metric].effect
        return None if abs(ahead) <= TOLERANCE else ahead > 0


@dataclass(frozen=True)
class Comparison:
    """Several systems on one test set."""

    primary: list[ComparedPair]  # the baseline against each other system
    exploratory: list[ComparedPair]  # all pairs, a family of their own: for questions, not for answers
    resamples: int  # of the paired bootstrap
    seed: int


def compare(
    systems: Systems, baseline: str, metrics: Sequence[str] = DEFAULT_METRICS, *, seed: int = DEFAULT_SEED
) -> Comparison:
    """Compare every system with the baseline, and every system with every other.

    A pair's p and intervals depend on its two systems and the seed, on nothing else. Raise DataError if test sets,
    references or signatures differ.

    Args:
        metrics: the one that the comparison is about first; all were counted.
    """
    _refuse_incomparable(systems, baseline, metrics)
    scores = resampled_scores(systems, seed, metrics)
    sentences = len(next(iter(systems[baseline].values())).counts["bleu"])

    def family(members: list[Pair]) -> list[ComparedPair]:
        pairs = []
        for first, second in members:
            seeds = sorted(systems[first]), sorted(systems[second])
            differences = {metric: difference(scores[first], scores[second], metric, sentences) for metric in metrics}
            pairs.append(ComparedPair(first, second, seeds, differences))
        return judge([pairs])[0]

    others = [(baseline, name) for name in systems if name != baseline]
    return Comparison(family(others), family(list(combinations(systems, 2))), RESAMPLES, seed)


def judge(groups: Sequence[Sequence[ComparedPair]]) -> list[list[ComparedPair]]:
    """The same pairs in the same groups, with verdicts: by each metric, all of them are one family."""
    judged = [list(pairs) for pairs in groups]
    for metric in {name: None for pairs in groups for pair in pairs for name in pair.differences}:
        judged = _judged_by(metric, judged)
    return judged


def _judged_by(metric: str, groups: Sequence[Sequence[ComparedPair]]) -> list[list[ComparedPair]]:
    """The same pairs with verdicts by one metric."""
    found = [pair.differences[metric] for pairs in groups for pair in pairs]
    p_values = [each.p for each in found if each.p is not None]
    adjusted = iter(holm(p_values))
    # Holm's strictest step is Bonferroni's: what passes it is shown, whatever the other comparisons give.
    level = SIGNIFICANCE_LEVEL / max(len(p_values), 1)

    def judged(each: Difference) -> Difference:
        if each.uncertainty is None:
            return replace(each, verdict=Verdict.TOO_FEW_SEEDS)
        p = next(adjusted)
        verdict = Verdict.SHOWN if p < SIGNIFICANCE_LEVEL else Verdict.NOT_SHOWN
        return replace(each, adjusted_p=p, smallest_shown=each.uncertainty.smallest_shown(level), verdict=verdict)

    def with_verdicts(pair: ComparedPair) -> ComparedPair:
        return replace(pair, differences=pair.differences | {metric: judged(pair.differences[metric])})

    return [[with_verdicts(pair) for pair in pairs] for pairs in groups]


def _refuse_incomparable(systems: Systems, baseline: str, metrics: Sequence[str]) -> None:
    """Refuse outputs that do not translate the same sentences, or were not scored in the same way."""
    expected = next(iter(systems[baseline].values()))
    signatures = _signatures(expected, metrics)
    for name, runs in systems.items():
        for run_seed, output in runs.items():
            what = f"{name}, seed {run_seed}, cannot be compared with {baseline}"
            if len(output.counts["bleu"]) != len(expected.counts["bleu"]):
                raise DataError(
                    f"{what}: expected {len(expected.counts['bleu']):,} sentences, received "
                    f"{len(output.counts['bleu']):,}; score both on the same test set"
                )
            if (received := _signatures(output, metrics)) != signatures:
                raise DataError(
                    f"{what}: expected signatures {signatures}, received {received}; "
                    "score both with the same version and target language"
                )
            if not (_reference_sizes(output, metrics) == _reference_sizes(expected, metrics)).all():
                raise DataError(f"{what}: the references differ; score both on the same test set")


def _signatures(output: SentenceStatistics, metrics: Sequence[str]) -> dict[str, str]:
    """How the counts were taken that a comparison is made from."""
    return {name: output.signatures[name] for name in dict.fromkeys([*ALWAYS, *metrics])}


def _reference_sizes(output: SentenceStatistics, metrics: Sequence[str]) -> np.ndarray:
    """What the counts tell of the references alone [sentences, sizes]: words, and characters with their n-grams.

    With several references, BLEU and chrF2 count the one that is nearest to the hypothesis: then TER alone tells it.
    """
    sizes = [output.counts["ter"][:, 1:]] if "ter" in metrics else []
    if output.signatures["bleu"].startswith("nrefs:1|"):
        sizes += [output.counts["bleu"][:, 1:2], output.counts["chrf2"][:, 1::3]]
    return np.hstack([np.zeros((len(output.counts["bleu"]), 0)), *sizes])


def resampled_scores(
    systems: Systems, seed: int, metrics: Sequence[str] = DEFAULT_METRICS
) -> dict[str, dict[int, dict[str, np.ndarray]]]:
    """By system, seed and metric: the score itself, then those of the resamples [1 + resamples].

    All outputs see the same resamples, so that differences between them are paired.
    """
    sentences = len(next(iter(next(iter(systems.values())).values())).counts["bleu"])
    weights = [np.ones((1, sentences)), *resampled_weights(sentences, seed)]
    return {
        name: {key: weighted_scores(each, weights, metrics) for key, each in runs.items()}
        for name, runs in systems.items()
    }


def difference(first: ResampledScores, second: ResampledScores, metric: str, sentences: int) -> Difference:
    """How far the second system is above the first in one metric."""
    of_first, of_second = (np.stack([scores[seed][metric] for seed in sorted(scores)]) for scores in (first, second))
    effects = of_second.mean(axis=0) - of_first.mean(axis=0)
    effect, resampled = float(effects[0]), effects[1:]
    outputs = over_sentences(resampled, sentences)
    both = over_sentences_and_seeds(of_first[:, 0], of_second[:, 0], resampled, sentences)
    with_seeds = (both.interval(effect), both.p(effect)) if both else (None, None)
    return Difference(effect, interval_of(resampled), outputs.p(effect), both, *with_seeds)


def holm(p_values: Sequence[float]) -> list[float]:
    """The adjusted p of each comparison in a family (Holm 1979): below 0.05 is below 0.05 for the whole family."""
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, (len(p_values) - rank) * p_values[index])
        adjusted[index] = min(1.0, largest)
    return adjusted
