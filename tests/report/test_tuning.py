"""The part of a report about tuning: what was chosen, and every trial."""

from __future__ import annotations

import dataclasses

from made_up import made_up

from mtlite.report.document import Folded, Table
from mtlite.report.tuning import tuning


def test_what_was_chosen_and_what_was_tried() -> None:
    header, outcomes = made_up(tune={"training.learning_rate": [0.1, 0.3]})
    (_, table, folded) = tuning(header.ablation, outcomes)
    assert isinstance(table, Table)
    assert isinstance(folded, Folded)
    assert table.columns[:4] == ["system", "learning_rate", "dev BLEU", "median"]
    assert [row[:2] for row in table.rows] == [["attention", "0.3"], ["peek", "0.3"]]
    best, middle = map(float, table.rows[0][2:4])
    assert round(best - middle, 2) == 0.1  # the two trials are 0.2 apart
    assert "Tried were 2 of 2 combinations of training.learning_rate: 0.1, 0.3; a topology" in table.caption
    assert f"{len(outcomes)} trainings were made in all" in table.caption
    (every,) = folded.blocks
    assert isinstance(every, Table)
    assert [row[:2] for row in every.rows[:2]] == [["attention", "0.1"], ["attention", "0.3"]]
    assert len(every.rows) == 4


def test_some_of_the_combinations_with_some_of_the_updates() -> None:
    header, outcomes = made_up(tune={"training.learning_rate": [0.1, 0.3]})
    (_, table, _) = tuning(dataclasses.replace(header.ablation, tune_trials=1, tune_updates=0.5), outcomes)
    assert isinstance(table, Table)
    assert "Tried were 1 of 2 combinations" in table.caption
    assert ", each with 50% of the updates" in table.caption


def test_an_option_that_a_topology_cannot_have_is_a_dash() -> None:
    header, outcomes = made_up(
        topologies=["one-to-one", "attention"], tune={"model.bidirectional": [False, True], "model.units": [4, 8]}
    )
    (_, table, _) = tuning(header.ablation, outcomes)
    assert isinstance(table, Table)
    assert [row[:3] for row in table.rows] == [["one-to-one", "–", "8"], ["attention", "true", "8"]]


def test_a_system_without_a_finished_trial() -> None:
    header, outcomes = made_up(tune={"training.learning_rate": [0.1, 0.3]})
    finished = {name: outcome for name, outcome in outcomes.items() if not name.startswith("peek")}
    (_, table, _) = tuning(header.ablation, finished)
    assert isinstance(table, Table)
    assert table.rows[1] == ["peek", "–", "–", "–", "0", "0"]


def test_nothing_was_tuned() -> None:
    header, outcomes = made_up()
    assert tuning(header.ablation, outcomes) == []
