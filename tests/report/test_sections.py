"""Parts of a report say what was found, and nothing where there is nothing to say."""

from __future__ import annotations

import dataclasses

from made_up import made_up

from mtlite.ablation.header import Header
from mtlite.comparison.outcome import Outcome
from mtlite.comparison.results import ComparisonResults, compare_systems
from mtlite.report.document import Block, Picture, Table, to_markdown
from mtlite.report.gather import gather
from mtlite.report.sections import attention_maps, learning, tuning


def results_of(header: Header, outcomes: dict[str, Outcome]) -> ComparisonResults:
    systems, groups = gather(header, outcomes)
    return compare_systems(systems, header, groups, {})


def said(blocks: list[Block]) -> str:
    return to_markdown([block for block in blocks if not isinstance(block, Picture)])


def test_curves_say_nothing_about_convergence() -> None:
    """Under a rate that falls every curve flattens, whatever more updates would bring."""
    header, outcomes = made_up(seeds=[1])
    late = [(update, 1.0, update / 10) for update in range(10, 101, 10)]
    outcomes["peek-seed-1"] = dataclasses.replace(outcomes["peek-seed-1"], curve=late)
    assert "converge" not in said(learning(results_of(header, outcomes)))


def test_without_attention_there_are_no_maps() -> None:
    assert attention_maps(results_of(*made_up(topologies=["peek", "ctc"]))) == []
    assert len(attention_maps(results_of(*made_up()))) == 3


def test_tuning_says_what_was_chosen() -> None:
    header, outcomes = made_up(tune={"training.learning_rate": [0.1, 0.3]})
    (_, table) = tuning(header.ablation, outcomes)
    assert isinstance(table, Table)
    assert [row[:2] for row in table.rows] == [["attention", "learning_rate=0.3"], ["peek", "learning_rate=0.3"]]
    assert "Tried were 2 of 2 combinations of training.learning_rate: 0.1, 0.3; a topology" in table.caption
    assert f"{len(outcomes)} trainings were made in all" in table.caption
    some = dataclasses.replace(header.ablation, tune_trials=1, tune_updates=0.5)
    assert "Tried were 1 of 2 combinations" in tuning(some, outcomes)[1].caption  # type: ignore[union-attr]
    assert ", each with 50% of the updates" in tuning(some, outcomes)[1].caption  # type: ignore[union-attr]
    assert tuning(dataclasses.replace(header.ablation, tune={}), outcomes) == []
