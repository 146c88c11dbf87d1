"""From lists to cells."""

from __future__ import annotations

from mtlite.ablation.cells import Cell, cells_of, points, tuning_cells_of
from mtlite.ablation.options import AblationConfig
from mtlite.comparison.systems import System


def test_every_combination_once_with_a_name_of_its_own() -> None:
    config = AblationConfig(["attention", "peek"], [1, 2], {"model.units": [4, 8], "model.layers": [1, 2]})
    names = [cell.name for cell in cells_of(config)]
    assert len(set(names)) == len(names) == 2 * 2 * 4
    assert names[0] == "attention-units=4-layers=1-seed-1"
    assert [point["model.layers"] for point in points(config.grid)] == [1, 2, 1, 2]


def test_no_grid_is_one_point() -> None:
    assert points({}) == [{}]
    assert Cell(System("peek"), 3).name == "peek-seed-3"
    assert tuning_cells_of(AblationConfig(["peek"])) == []


def test_a_topology_from_outside_makes_a_name_for_a_folder() -> None:
    assert Cell(System("my_module:Mine", {"training.schedule": "a/b"}), 1).name == "my_module-Mine-schedule=a-b-seed-1"
