"""From lists to cells, and from some of them to options."""

from __future__ import annotations

from typing import Any

from made_up import made_up

from mtlite.ablation.cells import (
    Cell,
    best_options,
    cells_of,
    doubled_cells_of,
    points,
    trials_of,
    tuning_cells_of,
    tuning_outcomes,
)
from mtlite.ablation.options import AblationConfig
from mtlite.comparison.systems import System


def test_every_combination_once_with_a_name_of_its_own() -> None:
    config = AblationConfig(["attention", "peek"], [1, 2], {"model.units": [4, 8], "model.layers": [1, 2]})
    names = [cell.name for cell in cells_of(config)]
    assert len(set(names)) == len(names) == 2 * 2 * 4
    assert names[0] == "attention-units=4-layers=1-seed-1"
    assert [cell.seed for cell in cells_of(config)] == [1] * 8 + [2] * 8
    assert [point["model.layers"] for point in points(config.grid)] == [1, 2, 1, 2]


def test_no_grid_is_one_point() -> None:
    assert points({}) == [{}]
    assert Cell(System("peek"), 3).name == "peek-seed-3"
    assert tuning_cells_of(AblationConfig(["peek"])) == []


def test_a_topology_from_outside_makes_a_name_for_a_folder() -> None:
    assert Cell(System("my_module:Mine", {"training.schedule": "a/b"}), 1).name == "my_module-Mine-schedule=a-b-seed-1"


def test_the_best_on_dev_is_chosen() -> None:
    header, outcomes = made_up(tune={"training.learning_rate": [0.1, 0.3, 0.2]})
    assert best_options(header.ablation, System("peek"), outcomes) == {"training.learning_rate": 0.3}
    assert list(tuning_outcomes(header.ablation, System("peek"), outcomes)) == [
        "learning_rate=0.1", "learning_rate=0.3", "learning_rate=0.2",
    ]  # fmt: skip


TUNE: dict[str, list[Any]] = {
    "training.learning_rate": [0.001, 0.002, 0.004, 0.008],
    "model.dropout": [0.0, 0.1, 0.2, 0.3],
    "model.layers": [1, 2],
    "model.bidirectional": [True, False],
}


def test_trials_are_spread_evenly_over_all_combinations() -> None:
    trials = trials_of(AblationConfig(tune=TUNE, tune_trials=16), "attention")
    assert len({str(trial) for trial in trials}) == 16
    for name, values in TUNE.items():  # of 16 points of a Sobol sequence, one is the corner that is left out
        counts = [sum(trial[name] == value for trial in trials) for value in values]
        assert max(counts) - min(counts) <= 2, name
    assert trials[0] == {
        "training.learning_rate": 0.004, "model.dropout": 0.2, "model.layers": 2, "model.bidirectional": False,
    }  # fmt: skip


def test_the_first_trials_are_the_same_whatever_their_number() -> None:
    few, many = (trials_of(AblationConfig(tune=TUNE, tune_trials=count), "peek") for count in (5, 12))
    assert many[:5] == few


def test_a_topology_that_cannot_have_an_option_has_as_many_trials_without_it() -> None:
    trials = trials_of(AblationConfig(tune=TUNE, tune_trials=20), "padded")
    assert len({str(trial) for trial in trials}) == 20
    assert all("model.bidirectional" not in trial for trial in trials)


def test_an_option_that_changes_nothing_is_not_tried() -> None:
    tune = {**TUNE, "training.label_smoothing": [0.0, 0.1]}
    trials = {name: trials_of(AblationConfig(tune=tune, tune_trials=20), name) for name in ("ctc", "aligned")}
    assert [len({str(trial) for trial in each}) for each in trials.values()] == [20, 20]
    assert not any("training.label_smoothing" in trial for trial in trials["ctc"])
    assert all("training.label_smoothing" in trial for trial in trials["aligned"])


def test_every_combination_is_tried_where_there_are_not_more() -> None:
    assert len(trials_of(AblationConfig(tune=TUNE), "attention")) == 64
    assert len(trials_of(AblationConfig(tune=TUNE), "padded")) == 32
    assert len(trials_of(AblationConfig(tune=TUNE, tune_trials=40), "padded")) == 32
    assert trials_of(AblationConfig(), "padded") == []


def test_a_trial_has_its_share_of_the_updates() -> None:
    config = AblationConfig(["peek"], [1], tune={"model.dropout": [0.1]}, tune_updates=0.5, double_seed=1)
    cells = [*tuning_cells_of(config), *cells_of(config), *doubled_cells_of(config)]
    assert [cell.share_of_updates(config) for cell in cells] == [0.5, 1.0, 2.0]


def test_of_what_was_not_tried_nothing_is_chosen() -> None:
    header, outcomes = made_up(tune={"training.learning_rate": [0.1, 0.3]})
    assert best_options(header.ablation, System("peek"), {}) is None
    del outcomes["peek-learning_rate=0.3-tuning"]
    assert best_options(header.ablation, System("peek"), outcomes) == {"training.learning_rate": 0.1}


def test_a_doubled_cell_is_one_more_of_each_system() -> None:
    config = AblationConfig(topologies=["peek", "attention"], seeds=[1, 2], double_seed=2)
    assert [cell.name for cell in doubled_cells_of(config)] == ["peek-seed-2-doubled", "attention-seed-2-doubled"]
    assert len({cell.name for cell in [*cells_of(config), *doubled_cells_of(config)]}) == 6
    assert doubled_cells_of(AblationConfig(topologies=["peek"])) == []
