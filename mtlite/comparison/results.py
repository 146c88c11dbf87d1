"""From outcomes to comparisons: which systems differ, and where each of them fails.

The result is a pure function of what was trained: the same whatever the order in which runs finished.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import NamedTuple

import numpy as np

from mtlite.comparison.systems import TrainedSystem
from mtlite.config.read import Count
from mtlite.errors import UsageError
from mtlite.evaluation.breakdown import Breakdown, break_down
from mtlite.evaluation.likelihood import ComparedLikelihood, compare_likelihood
from mtlite.evaluation.scores import DEFAULT_SEED
from mtlite.evaluation.significance import Comparison, compare, resampled_scores
from mtlite.evaluation.statistics import SentenceStatistics, interval_of


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

    def references(self, test: str) -> list[str]:
        """The right translations of a test set."""
        return self.sides[f"{test}.target"]


class Group(NamedTuple):
    """Names of systems that are compared with each other."""

    baseline: str
    members: list[str]


@dataclass(frozen=True)
class ComparisonFamily:
    """Systems that are compared with one baseline on one test set; p is adjusted for all of them."""

    title: str  # the options that they share; empty if there is only one family
    test: str
    baseline: str  # name of the system that the others are compared with
    systems: list[TrainedSystem]  # the baseline first, then by BLEU
    comparison: Comparison | None  # None if there is nothing to compare
    intervals: dict[str, tuple[float, float]]  # by system, the 95 % interval of mean BLEU over resampled sentences


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


def compare_systems(
    systems: Sequence[TrainedSystem],
    sets: EvaluationSets,
    groups: Mapping[str, Group],
    failures: Mapping[str, str],
) -> ComparisonResults:
    """Compare the systems of each group, given by title; `failures` says by cell why it has no outcome."""
    outcomes = [outcome for system in systems for outcome in system.runs.values()]
    named = {system.name: system for system in systems}
    families = [
        make_family(title, test, group.baseline, [named[name] for name in group.members if name in named])
        for test in sets.tests
        for title, group in groups.items()
        if group.baseline in named
    ]
    breakdown, seed = _breakdown(families[0], sets) if families else (None, None)
    able = [system for system in systems if system.ranks]
    searches = ["greedy", "beam"] if able and all(system.has_beam for system in able) else ["greedy"]
    likelihood = {
        test: compare_likelihood({system.name: system.likelihood(test) for system in systems})
        for test in sets.tests
        if all(test in outcome.likelihood for outcome in outcomes)
    }
    return ComparisonResults(list(systems), families, breakdown, seed, sets.tests, searches, likelihood, dict(failures))


def make_family(title: str, test: str, baseline: str, systems: Sequence[TrainedSystem]) -> ComparisonFamily:
    """Compare systems by their first search."""
    first = next(system for system in systems if system.name == baseline)
    others = [system for system in systems if system is not first]
    statistics = {system.name: system.statistics("greedy", test) for system in [first, *others]}
    comparable: dict[str, dict[int, SentenceStatistics]] = {}
    for name, runs in statistics.items():
        if all(runs.keys() & each.keys() for each in comparable.values()):
            comparable[name] = runs
    comparison = compare(comparable, baseline) if len(comparable) > 1 else None
    intervals = {
        name: interval_of(np.mean([scores[seed]["bleu"][1:] for seed in sorted(scores)], axis=0))
        for name, scores in resampled_scores(statistics, DEFAULT_SEED).items()
    }
    others.sort(key=lambda system: -mean(system.scores("greedy", test, "bleu")))
    return ComparisonFamily(title, test, baseline, [first, *others], comparison, intervals)


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
