"""Which differences between systems are real?

A system is one way to train, run with one or more seeds, which gives one output of the same test set per seed. The
quantity is the difference of the means over seeds of the corpus score. It is uncertain in two ways:

- *Sentences*: would it hold on other sentences? Approximate randomisation (Riezler & Maxwell 2005; Clark et al. 2011)
  shuffles the labels of two systems: each test sentence is swapped or not, with its outputs of all seeds together,
  since outputs of one sentence are not independent. p is the share of shuffles with at least the observed difference.
  The paired bootstrap (Koehn 2004) gives an interval, no verdict.
- *Seeds*: would it hold for other seeds? The 95 % t interval of the differences per seed.

A difference is called real if it stands both, after Holm's (1979) adjustment for the number of comparisons in its
family. BLEU alone has verdicts: chrF2 and TER would be further chances to find something. What the verdict keeps, on
simulated equal systems: one family in twenty errs where the choice of sentences is what varies; the seed intervals are
not adjusted, so where seeds vary far more than that, it is one comparison in twenty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Any

import numpy as np

from mtlite.errors import DataError
from mtlite.evaluation.scores import DEFAULT_SEED
from mtlite.evaluation.statistics import (
    CHUNK_CELLS,
    RESAMPLES,
    SCORE_OF_SUMS,
    SentenceStatistics,
    bleu_of_sums,
    interval_of,
    resampled_weights,
    weighted_scores,
)

SIGNIFICANCE_LEVEL = 0.05
MINIMAL_SHUFFLES = 10_000
# 20 / 0.05: Holm's smallest threshold, 0.05 / m for m comparisons, is then 20 times the smallest possible p.
SHUFFLES_PER_COMPARISON = 400
MAXIMAL_ROWS = 4096
TOLERANCE = 1e-9  # two scores that are equal in exact arithmetic differ by less

Pair = tuple[str, str]
Systems = Mapping[str, Mapping[int, SentenceStatistics]]
"""By name and training seed, the counts of one output of the same test set; any two systems share a seed."""
Outputs = Mapping[str, Mapping[int, np.ndarray]]
"""By system and seed, BLEU's counts [sentences, 10]."""


class Verdict(StrEnum):
    """What may be said about a difference."""

    REAL = "real"  # it holds on other sentences and for other seeds
    THIS_RUN_ONLY = "this run only"  # there is one seed: p speaks of these two outputs, nothing speaks of the systems
    NOT_SHOWN = "not shown"  # sentences or seeds could explain it; it may exist all the same


@dataclass(frozen=True)
class Difference:
    """How far one system is above another in one metric, in points."""

    effect: float  # difference of the means over the seeds of the corpus score
    sentence_interval: tuple[float, float]  # 95 % interval of the effect over resampled sentences, seeds fixed
    seed_interval: tuple[float, float] | None  # 95 % t interval of the differences per seed; None with one seed


@dataclass(frozen=True)
class ComparedPair:
    """The second system against the first one."""

    first: str  # what is compared with: the baseline in the primary family
    second: str  # positive differences mean that this one has the higher score
    seeds: list[int]  # the seeds that both systems ran with; nothing else enters the pair
    differences: dict[str, Difference]  # by metric: `bleu`, `chrf2`, `ter` (where lower is better)
    p: float  # two-sided, of the difference in BLEU, by approximate randomisation
    adjusted_p: float  # the same, adjusted for the family
    verdict: Verdict  # what may be said about the difference in BLEU


@dataclass(frozen=True)
class Comparison:
    """Several systems on one test set."""

    primary: list[ComparedPair]  # the baseline against each other system
    exploratory: list[ComparedPair]  # all pairs, adjusted for their larger number: for questions, not for answers
    shuffles: int  # of the approximate randomisation
    resamples: int  # of the paired bootstrap
    seed: int


def compare(systems: Systems, baseline: str, *, seed: int = DEFAULT_SEED) -> Comparison:
    """Compare every system with the baseline, and every system with every other.

    A pair's p and intervals depend on its two systems, the seed and the number of systems, on nothing else: not on the
    order of the systems, nor on which the others are. Raise DataError if test sets, references or signatures differ.
    """
    _refuse_incomparable(systems, baseline)
    pairs = list(combinations(systems, 2))
    shuffles = max(MINIMAL_SHUFFLES, SHUFFLES_PER_COMPARISON * len(pairs))
    outputs = {name: {key: output.counts["bleu"] for key, output in runs.items()} for name, runs in systems.items()}
    p_values = approximate_randomisation(outputs, pairs, shuffles, seed)
    p_values |= {(second, first): p for (first, second), p in p_values.items()}
    scores = resampled_scores(systems, seed)

    def family(members: list[Pair]) -> list[ComparedPair]:
        adjusted = holm([p_values[pair] for pair in members])
        rows = []
        for (first, second), adjusted_p in zip(members, adjusted, strict=True):
            seeds = shared_seeds(systems, first, second)
            differences = {name: difference(scores, name, first, second, seeds) for name in SCORE_OF_SUMS}
            verdict = verdict_of(adjusted_p, differences["bleu"].seed_interval)
            rows.append(ComparedPair(first, second, seeds, differences, p_values[first, second], adjusted_p, verdict))
        return rows

    others = [(baseline, name) for name in systems if name != baseline]
    return Comparison(family(others), family(pairs), shuffles, RESAMPLES, seed)


def _refuse_incomparable(systems: Systems, baseline: str) -> None:
    """Refuse outputs that do not translate the same sentences, or were not scored in the same way."""
    expected = next(iter(systems[baseline].values()))
    for name, runs in systems.items():
        for run_seed, output in runs.items():
            what = f"{name}, seed {run_seed}, cannot be compared with {baseline}"
            if len(output.counts["bleu"]) != len(expected.counts["bleu"]):
                raise DataError(
                    f"{what}: expected {len(expected.counts['bleu']):,} sentences, received "
                    f"{len(output.counts['bleu']):,}; score both on the same test set"
                )
            if output.signatures != expected.signatures:
                raise DataError(
                    f"{what}: expected signatures {expected.signatures}, received {output.signatures}; "
                    "score both with the same version and target language"
                )
            if not (_reference_sizes(output) == _reference_sizes(expected)).all():
                raise DataError(f"{what}: the references differ; score both on the same test set")


def _reference_sizes(output: SentenceStatistics) -> np.ndarray:
    """What the counts tell of the references alone [sentences, 8]: words, and characters with their n-grams."""
    return np.hstack([output.counts["bleu"][:, 1:2], output.counts["chrf2"][:, 1::3], output.counts["ter"][:, 1:]])


def shared_seeds(systems: Mapping[str, Mapping[int, Any]], first: str, second: str) -> list[int]:
    """The seeds that two systems have in common, in order."""
    return sorted(systems[first].keys() & systems[second].keys())


def swaps(sentences: int, shuffles: int, seed: int) -> Iterator[np.ndarray]:
    """For each shuffle and sentence whether to swap (1) or not (0), in chunks [shuffles, sentences]."""
    generator = np.random.default_rng(seed)
    rows = min(MAXIMAL_ROWS, max(1, CHUNK_CELLS // sentences))
    for start in range(0, shuffles, rows):
        size = (min(rows, shuffles - start), sentences)
        yield generator.integers(2, size=size, dtype=np.int8).astype(float)


def approximate_randomisation(outputs: Outputs, pairs: Sequence[Pair], shuffles: int, seed: int) -> dict[Pair, float]:
    """The two-sided p of each pair's difference in mean BLEU; all pairs see the same shuffles.

    What the swapped sentences contribute is summed once per output, so that a pair costs no look at its sentences.
    """
    totals = {name: {key: counts.sum(axis=0) for key, counts in runs.items()} for name, runs in outputs.items()}

    def mean_difference(moved: Mapping[str, Mapping[int, Any]], first: str, second: str) -> np.ndarray:
        """Second minus first after each has given the `moved` counts to the other."""
        seeds = shared_seeds(outputs, first, second)
        total = np.asarray(0.0)
        for key in seeds:
            exchanged = moved[first][key] - moved[second][key]
            total = total + bleu_of_sums(totals[second][key] + exchanged)
            total = total - bleu_of_sums(totals[first][key] - exchanged)
        return total / len(seeds)

    nothing = {name: dict.fromkeys(runs, 0) for name, runs in outputs.items()}
    observed = {pair: abs(mean_difference(nothing, *pair)) for pair in pairs}
    as_large = dict.fromkeys(pairs, 0)
    sentences = len(next(iter(next(iter(outputs.values())).values())))
    for swapped in swaps(sentences, shuffles, seed):
        moved = {name: {key: swapped @ counts for key, counts in runs.items()} for name, runs in outputs.items()}
        for pair in pairs:
            shuffled = abs(mean_difference(moved, *pair))
            as_large[pair] += int((shuffled >= observed[pair] - TOLERANCE).sum())
    return {pair: (1 + count) / (1 + shuffles) for pair, count in as_large.items()}


def resampled_scores(systems: Systems, seed: int) -> dict[str, dict[int, dict[str, np.ndarray]]]:
    """By system, seed and metric: the score itself, then those of the resamples [1 + resamples].

    All outputs see the same resamples, so that differences between them are paired.
    """
    sentences = len(next(iter(next(iter(systems.values())).values())).counts["bleu"])
    weights = [np.ones((1, sentences)), *resampled_weights(sentences, seed)]
    return {name: {key: weighted_scores(each, weights) for key, each in runs.items()} for name, runs in systems.items()}


def difference(
    scores: Mapping[str, Mapping[int, Mapping[str, np.ndarray]]], metric: str, first: str, second: str, seeds: list[int]
) -> Difference:
    """The difference of two systems in one metric, from `resampled_scores`."""
    by_seed = np.stack([scores[second][key][metric] - scores[first][key][metric] for key in seeds])
    effects = by_seed.mean(axis=0)
    return Difference(float(effects[0]), interval_of(effects[1:]), t_interval(by_seed[:, 0]))


def t_interval(values: np.ndarray) -> tuple[float, float] | None:
    """The 95 % t interval of the mean of some values [seeds]; None for fewer than two."""
    from scipy.special import stdtrit

    if len(values) < 2:
        return None
    half_width = stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - half_width), float(values.mean() + half_width)


def holm(p_values: Sequence[float]) -> list[float]:
    """The adjusted p of each comparison in a family (Holm 1979): below 0.05 is below 0.05 for the whole family."""
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, (len(p_values) - rank) * p_values[index])
        adjusted[index] = min(1.0, largest)
    return adjusted


def verdict_of(adjusted_p: float, seed_interval: tuple[float, float] | None) -> Verdict:
    """What a family-wise p over sentences and an interval over seeds allow to say."""
    if seed_interval is None:
        return Verdict.THIS_RUN_ONLY
    low, high = seed_interval
    return Verdict.REAL if adjusted_p < SIGNIFICANCE_LEVEL and (low > 0 or high < 0) else Verdict.NOT_SHOWN
