"""From outcomes to numbers: rows for each cell, means for each system, comparisons, and where each system fails.

The result is a pure function of what was trained: the same whatever the order in which cells finished. Everything that
a clock has measured stands in columns whose names start with `time_`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import mean
from typing import Any

import numpy as np

from mtlite.ablation.cells import Cell, System
from mtlite.comparison.outcome import Outcome
from mtlite.comparison.packing import unpack_json
from mtlite.evaluation.breakdown import Breakdown, break_down
from mtlite.evaluation.likelihood import ComparedLikelihood, Likelihood, compare_likelihood
from mtlite.evaluation.scores import DEFAULT_SEED, scores_of
from mtlite.evaluation.significance import Comparison, compare, resampled_scores, shared_seeds
from mtlite.evaluation.statistics import SentenceStatistics, interval_of


@dataclass(frozen=True)
class Trained:
    """A system with the outcomes of its seeds.

    Args:
        system: topology and point of the grid.
        runs: by seed.
        marks: what a reader must know beside its numbers.
    """

    system: System
    runs: dict[int, Outcome]
    marks: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.system.name

    def statistics(self, search: str, test: str) -> dict[int, SentenceStatistics]:
        """By seed, the counts of one test set."""
        return {seed: outcome.outputs[search][test].statistics for seed, outcome in self.runs.items()}

    def likelihood(self, test: str) -> dict[int, Likelihood]:
        """By seed, how probable the references of one test set are."""
        return {seed: outcome.likelihood[test] for seed, outcome in self.runs.items()}

    def scores(self, search: str, test: str, metric: str) -> list[float]:
        """The corpus score of every seed."""
        return [getattr(_scores(each), metric).score for each in self.statistics(search, test).values()]

    def mean(self, number: str) -> float:
        """Mean over the seeds of a property of the outcomes."""
        return mean(float(getattr(outcome, number)) for outcome in self.runs.values())

    @property
    def parameters(self) -> int:
        return int(next(iter(self.runs.values())).facts["parameters"])

    def sentences_per_second(self, search: str, test: str) -> float:
        """Mean over the seeds of the speed of translation."""
        outputs = [outcome.outputs[search][test] for outcome in self.runs.values()]
        return mean(len(output.hypotheses) / max(output.seconds, 1e-3) for output in outputs)


@dataclass(frozen=True)
class Family:
    """Systems that are compared with one baseline on one test set.

    Args:
        title: the point of the grid that they share; empty if there is only one.
        test: name of the test set.
        baseline: name of the system that the others are compared with.
        systems: the baseline first, then by BLEU.
        comparison: None if there is nothing to compare.
        intervals: by system, the 95 % interval of mean BLEU over resampled sentences.
    """

    title: str
    test: str
    baseline: str
    systems: list[Trained]
    comparison: Comparison | None
    intervals: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Results:
    """All numbers of a report.

    Args:
        systems: in the order of the recipe, those with a finished cell.
        families: the primary one first.
        breakdown: of the first family, by its smallest common seed; None without common seeds.
        breakdown_seed: that seed.
        tests: names of the test sets.
        searches: `greedy`, and `beam` where all cells have it.
        likelihood: by test set, how probable the references are; empty if a cell does not say so.
        failures: by cell, why it has no outcome.
    """

    systems: list[Trained]
    families: list[Family]
    breakdown: Breakdown | None
    breakdown_seed: int | None
    tests: list[str]
    searches: list[str]
    likelihood: dict[str, ComparedLikelihood]
    failures: dict[str, str]


def _scores(statistics: SentenceStatistics) -> Any:
    return scores_of(statistics, confidence=False)


def make_results(
    systems: Sequence[Trained],
    header: Mapping[str, Any],
    groups: Mapping[str, tuple[str, list[str]]],
    failures: Mapping[str, str],
) -> Results:
    """Compare, break down, collect.

    Args:
        systems: with at least one finished cell each.
        header: of the record: test sets, languages, word frequencies.
        groups: by title, the baseline and all systems that are compared with each other.
        failures: by cell, why it has no outcome.
    """
    outcomes = [outcome for system in systems for outcome in system.runs.values()]
    searches = [name for name in ("greedy", "beam") if all(name in outcome.outputs for outcome in outcomes)]
    named = {system.name: system for system in systems}
    families = [
        make_family(title, test, baseline, [named[name] for name in members if name in named])
        for test in header["tests"]
        for title, (baseline, members) in groups.items()
        if baseline in named
    ]
    breakdown, seed = None, None
    if families:
        breakdown, seed = _breakdown(families[0], header)
    likelihood = {
        test: compare_likelihood({system.name: system.likelihood(test) for system in systems})
        for test in header["tests"]
        if all(test in outcome.likelihood for outcome in outcomes)
    }
    tests = list(header["tests"])
    return Results(list(systems), families, breakdown, seed, tests, searches, likelihood, dict(failures))


def make_family(title: str, test: str, baseline: str, systems: Sequence[Trained]) -> Family:
    """Compare systems by their first search."""
    comparable: dict[str, dict[int, SentenceStatistics]] = {}
    first = next(system for system in systems if system.name == baseline)
    for system in [first, *(system for system in systems if system is not first)]:
        candidate = {**comparable, system.name: system.statistics("greedy", test)}
        if all(shared_seeds(candidate, system.name, name) for name in candidate):
            comparable = candidate
    comparison = compare(comparable, baseline) if len(comparable) > 1 else None
    resampled = resampled_scores({system.name: system.statistics("greedy", test) for system in systems}, DEFAULT_SEED)
    intervals = {
        name: interval_of(np.mean([runs[seed]["bleu"][1:] for seed in sorted(runs)], axis=0))
        for name, runs in resampled.items()
    }
    others = [system for system in systems if system is not first]
    others.sort(key=lambda system: -mean(system.scores("greedy", test, "bleu")))
    return Family(title, test, baseline, [first, *others], comparison, intervals)


def _breakdown(family: Family, header: Mapping[str, Any]) -> tuple[Breakdown | None, int | None]:
    """Where each system fails, by the outputs of one seed."""
    common = set.intersection(*(set(system.runs) for system in family.systems))
    if not common:
        return None, None
    seed = min(common)
    outputs = {system.name: system.runs[seed].outputs["greedy"][family.test].hypotheses for system in family.systems}
    breakdown = break_down(
        outputs,
        unpack_json(header["sides"][f"{family.test}.source"]),
        unpack_json(header["sides"][f"{family.test}.target"]),
        baseline=family.baseline,
        source_language=header["source_language"],
        target_language=header["target_language"],
        training_frequencies=unpack_json(header["frequencies"]),
    )
    return breakdown, seed


def cell_rows(results: Results, header: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row for each cell and test set, in the order of the recipe."""
    rows = []
    for system in results.systems:
        for seed, outcome in sorted(system.runs.items()):
            for test in results.tests:
                row: dict[str, Any] = {
                    "cell": Cell(system.system, seed).name,
                    "system": system.name,
                    "topology": system.system.topology,
                    **system.system.point,
                    "seed": seed,
                    "test": test,
                    "parameters": outcome.facts["parameters"],
                    "training_flops_per_pair": outcome.flops_per_pair,
                    "updates": outcome.updates,
                    "best_update": outcome.best[0],
                    "dev_bleu": outcome.best[2],
                    "converged": outcome.converged,
                }
                references = unpack_json(header["sides"][f"{test}.target"])
                for search in results.searches:
                    row |= _output_columns(outcome, search, test, references)
                if compared := results.likelihood.get(test):
                    loss = compared.nll_per_piece[system.name].get(seed)
                    row["can_write"] = round(compared.writable[system.name], 4)
                    row["nll_per_piece"] = None if loss is None else round(loss, 4)
                row["time_training_seconds"] = outcome.training_seconds
                for search in results.searches:
                    output = outcome.outputs[search][test]
                    speed = len(output.hypotheses) / max(output.seconds, 1e-3)
                    row[f"time_{search}_sentences_per_second"] = round(speed, 1)
                rows.append(row)
    return rows


def _output_columns(outcome: Outcome, search: str, test: str, references: list[str]) -> dict[str, Any]:
    output = outcome.outputs[search][test]
    scores = _scores(output.statistics)
    equal = sum(hypothesis == reference for hypothesis, reference in zip(output.hypotheses, references, strict=True))
    return {
        f"{search}_bleu": round(scores.bleu.score, 4),
        f"{search}_chrf2": round(scores.chrf2.score, 4),
        f"{search}_ter": round(scores.ter.score, 4),
        f"{search}_exact_matches": round(equal / len(references), 4),
        f"{search}_length_ratio": round(scores.length_ratio, 4),
    }


def as_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows with a header, lines ending in a newline."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The same rows as JSON, one a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_json(results: Results, header: Mapping[str, Any]) -> bytes:
    """All numbers, with what they were made from."""
    shown = (
        "experiment",
        "shared",
        "name",
        "recipe",
        "ablation",
        "pair",
        "tests",
        "source_language",
        "target_language",
    )
    values = {
        **{name: header[name] for name in shown},
        "cells": cell_rows(results, header),
        "systems": [
            {
                "system": system.name,
                "marks": system.marks,
                "seeds": sorted(system.runs),
                "curves": {seed: outcome.curve for seed, outcome in sorted(system.runs.items())},
                "packages": next(iter(system.runs.values())).facts["packages"],
                "precision": next(iter(system.runs.values())).config["training.precision"],
            }
            for system in results.systems
        ],
        "families": [
            {
                "point": family.title,
                "test": family.test,
                "baseline": family.baseline,
                "bleu_intervals": family.intervals,
                "comparison": family.comparison.to_dict() if family.comparison else None,
            }
            for family in results.families
        ],
        "likelihood": {test: asdict(compared) for test, compared in results.likelihood.items()},
        "breakdown": results.breakdown.to_dict() if results.breakdown else None,
        "breakdown_seed": results.breakdown_seed,
        "failures": results.failures,
    }
    return (json.dumps(values, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
