"""Which systems a report is about, which are compared, and what is said beside their numbers."""

from __future__ import annotations

import dataclasses

from made_up import made_up

from mtlite.ablation.header import Header
from mtlite.comparison.outcome import Outcome
from mtlite.comparison.results import ComparisonResults, compare_systems
from mtlite.report.gather import gather


def results_of(header: Header, outcomes: dict[str, Outcome]) -> ComparisonResults:
    systems, groups = gather(header, outcomes)
    return compare_systems(systems, header, groups, {})


def test_points_of_a_grid_are_compared_within_themselves_or_with_each_other() -> None:
    grid = {"model.units": [4, 8]}
    header, outcomes = made_up(grid=grid)
    families = results_of(header, outcomes).families
    assert [(each.test, each.title, each.baseline) for each in families[:2]] == [
        ("test", "units=4", "attention units=4"), ("test", "units=8", "attention units=8"),
    ]  # fmt: skip
    header, outcomes = made_up(topologies=["peek"], grid=grid)
    family = results_of(header, outcomes).families[0]
    assert (family.title, [system.name for system in family.systems]) == ("", ["peek units=4", "peek units=8"])


def test_cells_that_are_missing_are_left_out_and_marked() -> None:
    header, outcomes = made_up(topologies=["attention", "peek", "ctc"])
    del outcomes["peek-seed-2"], outcomes["ctc-seed-1"], outcomes["ctc-seed-2"]
    results = results_of(header, outcomes)
    assert [system.name for system in results.systems] == ["attention", "peek"]
    assert "seed 2 missing" in results.systems[1].marks
    comparison = results.families[0].comparison
    assert comparison is not None
    assert comparison.primary[0].seeds == ([1, 2], [1])
    assert comparison.primary[0].verdict == "too few seeds"


def test_marks() -> None:
    header, outcomes = made_up(topologies=["attention", "padded", "many-to-one"], seeds=[1])
    marks = {system.name: system.marks for system in gather(header, outcomes)[0]}
    assert marks["attention"] == []
    assert marks["padded"] == ["reads in one direction"]
    assert marks["many-to-one"] == ["reads in one direction", "encoder and decoder share their weights"]
    for unreachable, share in ((0.0213, "2.1%"), (0.00006, "less than 0.1%")):
        facts = dataclasses.replace(outcomes["padded-seed-1"].facts, unreachable=unreachable)
        outcomes["padded-seed-1"] = dataclasses.replace(outcomes["padded-seed-1"], facts=facts)
        assert (
            f"cannot write long outputs: {share} of the dev pieces do not fit" in gather(header, outcomes)[0][1].marks
        )
    header = dataclasses.replace(header, ablation=dataclasses.replace(header.ablation, match="parameters"))
    marks = {system.name: system.marks for system in gather(header, outcomes)[0]}
    assert any(mark.startswith("has 0.86 × the parameters") for mark in marks["padded"])


def test_ctc_is_marked_where_the_others_smooth_their_labels() -> None:
    header, outcomes = made_up(topologies=["attention", "ctc"], seeds=[1])
    for smoothing, marks in ((0.1, ["trained without label smoothing"]), (0.0, [])):
        outcomes["ctc-seed-1"].config["training.label_smoothing"] = smoothing
        assert gather(header, outcomes)[0][1].marks == marks
