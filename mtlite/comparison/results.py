"""From outcomes to comparisons: which systems differ, and where each of them fails.

The result is a pure function of what was trained: the same whatever the order in which runs finished.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean
from typing import NamedTuple

import numpy as np

from mtlite.comparison.systems import TrainedSystem
from mtlite.config.options import DEFAULT_METRICS
from mtlite.config.read import Count
from mtlite.errors import UsageError
from mtlite.evaluation.breakdown import Breakdown, break_down
from mtlite.evaluation.likelihood import ComparedLikelihood, compare_likelihood
from mtlite.evaluation.metrics import sign_of
from mtlite.evaluation.references import References
from mtlite.evaluation.scores import DEFAULT_SEED
from mtlite.evaluation.significance import Comparison, compare, judge, resampled_scores
from mtlite.evaluation.statistics import interval_of
from mtlite.storage.references import with_further


@dataclass(frozen=True, kw_only=True)
class EvaluationSets:
    """The sets that systems are compared on."""

    tests: list[str]  # their names, the one that verdicts are about first
    sides: dict[str, list[str]]  # by name, such as `test.source`, the raw lines
    frequencies: dict[str, Count]  # how often each word of the target language occurs in the training pairs
    source_language: str | None
    target_language: str | None

    def check(self) -> None:
        for test in self.tests:
            source, target = (self.sides.get(f"{test}.{side}", []) for side in ("source", "target"))
            if not source or len(source) != len(target):
                raise UsageError(f"sides: expected the lines of both sides of {test}")
            self.references(test)

    def references(self, test: str) -> References:
        """The right translations of a test set."""
        return with_further(self.sides[f"{test}.target"], self.sides.get(f"{test}.references"), f"sides.{test}")


class Group(NamedTuple):
    """Names of systems that are compared with each other."""

    baseline: str
    members: list[str]


@dataclass(frozen=True)
class ComparisonFamily:
    """Systems that are compared with one baseline on one test set."""

    title: str  # the options that they share; empty if there is only one family
    test: str
    baseline: str  # name of the system that the others are compared with
    systems: list[TrainedSystem]  # the baseline first, then the best first
    comparison: Comparison | None  # None if there is nothing to compare
    intervals: dict[str, tuple[float, float]]  # by system, the 95% interval of its mean over resampled sentences
    metrics: list[str]  # the one that systems are ordered and compared by first
    primary: bool = True  # whether its comparisons with the baseline are among those that a report is about

    @property
    def metric(self) -> str:
        """What systems are ordered and compared by."""
        return self.metrics[0]

    @property
    def judged(self) -> int:
        """How many comparisons with the baseline have a p."""
        pairs = self.comparison.primary if self.comparison else []
        return sum(pair.difference.p is not None for pair in pairs)


@dataclass(frozen=True)
class ComparisonResults:
    """All numbers of a report."""

    systems: list[TrainedSystem]  # those with a finished run
    families: list[ComparisonFamily]  # the primary one first
    breakdown: Breakdown | None  # of the first family, by its smallest common seed; None without common seeds
    breakdown_seed: int | None
    tests: list[str]
    searches: list[str]  # `greedy`, and `beam` where all runs have it whose topology can
    likelihood: dict[str, ComparedLikelihood]  # of the references, by test set; empty if a run does not say so
    failures: dict[str, str]  # by cell, why it has no outcome
    metrics: list[str]  # what was chosen, the one that verdicts are about first

    def judged(self, primary: bool) -> int:
        """How many comparisons share an adjustment: the primary ones, or the secondary ones."""
        return sum(family.judged for family in self.families if family.primary == primary)


def compare_systems(
    systems: Sequence[TrainedSystem],
    sets: EvaluationSets,
    groups: Mapping[str, Group],
    failures: Mapping[str, str],
    primary: Sequence[str] = (),
    metrics: Sequence[str] = DEFAULT_METRICS,
) -> ComparisonResults:
    """Compare the systems of each group, given by title.

    Args:
        failures: by cell, why it has no outcome.
        primary: names of the test sets that were chosen for the verdicts before the training; all if empty.
        metrics: the one that verdicts are about first; the outputs were counted for all of them.
    """
    outcomes = [outcome for system in systems for outcome in system.runs.values()]
    families = make_families(systems, sets.tests, groups, primary, metrics)
    breakdown, seed = _breakdown(families[0], sets) if families else (None, None)
    able = [system for system in systems if system.ranks]
    searches = ["greedy", "beam"] if able and all(system.has_beam for system in able) else ["greedy"]
    likelihood = {
        test: compare_likelihood(
            {system.name: system.likelihood(test) for system in systems},
            {system.name: system.smoothing_floor for system in systems},
        )
        for test in sets.tests
        if all(test in outcome.likelihood for outcome in outcomes)
    }
    found = list(systems), families, breakdown, seed, sets.tests, searches, likelihood
    return ComparisonResults(*found, dict(failures), list(metrics))


def make_families(
    systems: Sequence[TrainedSystem],
    tests: Sequence[str],
    groups: Mapping[str, Group],
    primary: Sequence[str] = (),
    metrics: Sequence[str] = DEFAULT_METRICS,
) -> list[ComparisonFamily]:
    """The groups on each test set, primary ones first; all primary comparisons are one family, all others another."""
    named = {system.name: system for system in systems}
    families = [
        replace(
            make_family(title, test, group.baseline, [named[name] for name in group.members if name in named], metrics),
            primary=not primary or test in primary,
        )
        for test in tests
        for title, group in groups.items()
        if group.baseline in named
    ]
    return [family for role in (True, False) for family in _judged([each for each in families if each.primary == role])]


def _judged(families: Sequence[ComparisonFamily]) -> list[ComparisonFamily]:
    """The same, with their comparisons adjusted for all of them together."""
    groups = judge([family.comparison.primary if family.comparison else [] for family in families])
    return [
        replace(family, comparison=family.comparison and replace(family.comparison, primary=pairs))
        for family, pairs in zip(families, groups, strict=True)
    ]


def make_family(
    title: str, test: str, baseline: str, systems: Sequence[TrainedSystem], metrics: Sequence[str] = DEFAULT_METRICS
) -> ComparisonFamily:
    """Compare systems by their first search."""
    first = next(system for system in systems if system.name == baseline)
    others = [system for system in systems if system is not first]
    statistics = {system.name: system.statistics("greedy", test) for system in [first, *others]}
    comparison = compare(statistics, baseline, metrics) if others else None
    metric = metrics[0]
    intervals = {
        name: interval_of(np.mean([scores[seed][metric][1:] for seed in sorted(scores)], axis=0))
        for name, scores in resampled_scores(statistics, DEFAULT_SEED, [metric]).items()
    }
    others.sort(key=lambda system: -sign_of(metric) * mean(system.scores("greedy", test, metric)))
    return ComparisonFamily(title, test, baseline, [first, *others], comparison, intervals, list(metrics))


def _breakdown(family: ComparisonFamily, sets: EvaluationSets) -> tuple[Breakdown | None, int | None]:
    """Where each system fails, by the outputs of one seed."""
    common = set.intersection(*(set(system.runs) for system in family.systems))
    if not common:
        return None, None
    seed = min(common)
    outputs = {system.name: system.runs[seed].outputs["greedy"][family.test].hypotheses for system in family.systems}
    breakdown = break_down(
        outputs,
        sets.sides[f"{family.test}.source"],
        sets.references(family.test),
        baseline=family.baseline,
        source_language=sets.source_language,
        target_language=sets.target_language,
        training_frequencies=sets.frequencies,
    )
    return breakdown, seed
