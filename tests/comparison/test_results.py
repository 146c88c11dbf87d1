"""Systems compared on a test set."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from statistics import mean

import pytest
from made_up import made_up

from mtlite.comparison.outcome import Outcome
from mtlite.comparison.results import (
    ComparisonFamily,
    ComparisonResults,
    EvaluationSets,
    Group,
    compare_systems,
    make_families,
)
from mtlite.comparison.systems import System, TrainedSystem
from mtlite.config.read import plain, read_as
from mtlite.errors import RunError
from mtlite.evaluation.significance import holm
from mtlite.report.gather import gather


def results_of(sets: EvaluationSets, outcomes: dict[str, Outcome]) -> ComparisonResults:
    """All topologies against attention."""
    systems: dict[str, TrainedSystem] = {}
    for outcome in outcomes.values():
        system = systems.setdefault(outcome.topology, TrainedSystem(System(outcome.topology), {}))
        system.runs[outcome.config["seed"]] = outcome
    return compare_systems(list(systems.values()), sets, {"": Group("attention", list(systems))}, {})


def test_baseline_against_the_others_is_the_primary_family() -> None:
    header, outcomes = made_up(topologies=["ctc", "attention", "peek"], baseline="attention")
    family = results_of(header, outcomes).families[0]
    assert family.comparison is not None
    assert (family.test, family.baseline) == ("test", "attention")
    assert [(pair.first, pair.second) for pair in family.comparison.primary] == [
        ("attention", "ctc"), ("attention", "peek"),
    ]  # fmt: skip
    assert len(family.comparison.exploratory) == 3
    effect = family.comparison.primary[0].differences["bleu"].effect
    means = [mean(system.scores("greedy", "test", "bleu")) for system in family.systems]
    assert effect == pytest.approx(means[1] - means[0])


def test_all_test_sets_are_one_family_unless_some_were_chosen_before() -> None:
    header, outcomes = made_up(topologies=["attention", "peek", "ctc"], seeds=[1, 2, 3])
    systems, groups = gather(header, outcomes)
    one = make_families(systems, header.tests, groups)
    assert [(family.test, family.primary, family.judged) for family in one] == [
        ("test", True, 2),
        ("test-new", True, 2),
    ]
    chosen = make_families(systems, header.tests, groups, ["test-new"])
    assert [(family.test, family.primary) for family in chosen] == [("test-new", True), ("test", False)]

    def p_values(families: Sequence[ComparisonFamily], adjusted: bool) -> list[float | None]:
        pairs = [pair for family in families if family.comparison for pair in family.comparison.primary]
        found = [pair.differences["bleu"] for pair in pairs]
        return [each.adjusted_p if adjusted else each.p for each in found]

    def holm_of(families: Sequence[ComparisonFamily]) -> list[float]:
        return holm([p for p in p_values(families, adjusted=False) if p is not None])

    assert p_values(one, adjusted=True) == holm_of(one)
    assert p_values(chosen, adjusted=True) == [*holm_of(chosen[:1]), *holm_of(chosen[1:])]


def test_the_loss_is_over_what_all_can_write() -> None:
    header, outcomes = made_up(mistakes={"attention": 0.1, "peek": 0.2})
    results = results_of(header, outcomes)
    compared = results.likelihood["test"]
    assert compared.sentences == 30
    assert compared.writable == {"attention": 35 / 40, "peek": 30 / 40}
    assert compared.nll_per_piece["peek"] == {1: pytest.approx(0.2), 2: pytest.approx(0.4)}
    cell, outcome = next(iter(outcomes.items()))
    silent = {**outcomes, cell: dataclasses.replace(outcome, likelihood={})}
    assert results_of(header, silent).likelihood == {}


def test_a_breakdown_is_of_the_smallest_common_seed() -> None:
    header, outcomes = made_up()
    assert results_of(header, outcomes).breakdown_seed == 1
    del outcomes["peek-seed-1"]
    assert results_of(header, outcomes).breakdown_seed == 2
    del outcomes["attention-seed-2"]
    assert results_of(header, outcomes).breakdown is None


def test_sets_have_both_sides() -> None:
    header, _ = made_up()
    sets = {name: value for name, value in plain(header).items() if name in EvaluationSets.__dataclass_fields__}
    assert read_as(EvaluationSets, sets, "sets").references("test") == header.references("test")
    sets["sides"]["test.target"].pop()
    with pytest.raises(RunError, match="both sides of test"):
        read_as(EvaluationSets, sets, "sets", error=RunError)
