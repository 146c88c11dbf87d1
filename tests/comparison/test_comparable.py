"""Which runs can be compared: other test sets, references or signatures are refused, other data are marked."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest
from made_up import made_up

from mtlite.comparison.comparable import common_test, group_runs, refuse_incomparable
from mtlite.comparison.outcome import Outcome
from mtlite.errors import DataError, UsageError


@pytest.fixture
def runs() -> dict[str, Outcome]:
    """By folder: two seeds of attention and of peek."""
    return made_up()[1]


def changed(runs: dict[str, Outcome], name: str, **changes: Any) -> None:
    runs[name] = dataclasses.replace(runs[name], **changes)


def test_runs_that_differ_in_their_seed_alone_are_one_system(runs: dict[str, Outcome]) -> None:
    systems, baseline = group_runs(list(runs), list(runs.values()), "peek-seed-2")
    assert (baseline, [system.name for system in systems]) == ("peek", ["peek", "attention"])
    assert [list(system.runs) for system in systems] == [[1, 2], [1, 2]]


def test_a_system_is_named_by_the_options_in_which_it_differs(runs: dict[str, Outcome]) -> None:
    for name, outcome in runs.items():
        outcome.config["model.units"] = 8 if name.endswith("1") else 4
    systems, _ = group_runs(list(runs), list(runs.values()), "peek-seed-2")
    assert [system.name for system in systems] == [
        "peek units=4", "attention units=8", "peek units=8", "attention units=4",
    ]  # fmt: skip


def test_the_same_seed_twice_is_refused(runs: dict[str, Outcome]) -> None:
    paths, outcomes = [*runs, "again"], [*runs.values(), runs["peek-seed-1"]]
    with pytest.raises(UsageError, match="peek-seed-1 and again are the same system with seed 1"):
        group_runs(paths, outcomes, "again")


def test_other_references_and_signatures_are_refused(runs: dict[str, Outcome]) -> None:
    paths, outcomes = list(runs), list(runs.values())
    refuse_incomparable(paths, outcomes, "test")
    outcomes[1].facts.sides["test.target"] = "3" * 64
    with pytest.raises(DataError, match=f"{paths[1]} cannot be compared with {paths[0]}: other references of test"):
        refuse_incomparable(paths, outcomes, "test")
    outcomes[1].facts.sides["test.target"] = outcomes[0].facts.sides["test.target"]
    outcomes[2].outputs["greedy"]["test"].statistics.signatures["bleu"] = "tok:zh"
    with pytest.raises(DataError, match="its bleu is tok:zh, expected"):
        refuse_incomparable(paths, outcomes, "test")


def test_other_data_and_budgets_are_marked(runs: dict[str, Outcome]) -> None:
    for seed in (1, 2):
        run = runs[f"peek-seed-{seed}"]
        facts = dataclasses.replace(run.facts, training_fingerprint="b" * 64)
        changed(runs, f"peek-seed-{seed}", facts=facts, curve=[*run.curve, (120, 1.0, run.curve[-1][2])])
    systems, _ = group_runs(list(runs), list(runs.values()), "attention-seed-1")
    assert systems[0].marks == []
    assert systems[1].marks == ["other training pairs", "other budget: 120 and 100 updates"]


def test_what_differs_in_a_later_seed_is_marked_too(runs: dict[str, Outcome]) -> None:
    run = runs["peek-seed-2"]
    changed(runs, "peek-seed-2", search=dataclasses.replace(run.search, beam_size=5), curve=run.curve[:-1])
    systems, _ = group_runs(list(runs), list(runs.values()), "attention-seed-1")
    assert systems[1].marks == ["other budget: 90 and 100 updates", "other search: beam_size 5"]


def test_a_test_set_that_all_have() -> None:
    runs: list[Any] = [SimpleNamespace(facts=SimpleNamespace(tests=tests)) for tests in (["a", "b"], ["b"], ["c"])]
    assert common_test(runs[:2], None) == "b"
    with pytest.raises(UsageError, match="--test a: expected a test set of all runs: b"):
        common_test(runs[:2], "a")
    with pytest.raises(UsageError, match="share no test set"):
        common_test(runs[1:], None)


def test_no_mark_speaks_of_a_beam_that_a_topology_cannot_have() -> None:
    _, outcomes = made_up(topologies=["attention", "last-n"], seeds=[1])
    wide = outcomes["attention-seed-1"]
    outcomes["attention-seed-1"] = dataclasses.replace(wide, search=dataclasses.replace(wide.search, beam_size=5))
    for baseline in outcomes:
        systems, _ = group_runs(list(outcomes), list(outcomes.values()), baseline)
        assert [system.marks for system in systems] == [[], []]
