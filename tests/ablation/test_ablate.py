"""What cannot be run is said before anything runs: one line, with what is valid."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_up import made_up

from mtlite.ablation.ablate import dry_run, prepare_experiment, read_ablation, recorded_ablation
from mtlite.ablation.record import Record
from mtlite.errors import UsageError


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"training": {"patience": 3}}, "no early stopping"),
        ({"ablation": {"seeds": []}}, "recipe: ablation.seeds: expected at least one value"),
        ({"ablation": {"grid": {"model.units": [3]}, "topologies": ["peek"]}}, "expected an even number"),
        ({"ablation": {"grid": {"model.wait": [0.1, 0.9]}, "topologies": ["peek"]}}, "it is an option of last-n"),
        ({"ablation": {"tune": {"training.schedule": ["x"]}}}, "expected one of constant, linear"),
    ],
)
def test_recipe_of_cells_that_cannot_be(values: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as error:
        read_ablation({"ablation": None, **values}, "recipe")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_recipe_that_is_no_ablation() -> None:
    with pytest.raises(UsageError, match="recipe is not an ablation: expected a section"):
        read_ablation({}, "recipe")


def test_a_record_is_all_that_a_report_needs(tmp_path: Path) -> None:
    header, outcomes = made_up()
    record = Record(tmp_path / "r.jsonl.xz")
    with pytest.raises(UsageError, match="not found"):
        recorded_ablation(record)
    record.add_header(header)
    record.add(header, "peek-seed-1", outcomes["peek-seed-1"])
    recorded = recorded_ablation(Record(record.path))
    assert recorded.header == header
    assert list(recorded.outcomes) == ["peek-seed-1"]


def test_dry_run_lists_cells_with_weights_and_time(
    tiny_config: Callable[..., Any], tmp_path: Path, console: Any
) -> None:
    recipe = tiny_config().to_dict()
    recipe["model"] = {"units": 8, "layers": 1}
    recipe["ablation"] = {"topologies": ["one-to-one"], "seeds": [1, 2], "tune": {"model.dropout": [0.0]}}
    recipe["ablation"]["double_seed"] = 2
    folder = tmp_path / "nothing"
    dry_run(prepare_experiment(recipe, "tiny.yaml", folder, console), console)
    said = console.file.getvalue()
    assert "min each: 1 trial, one-to-one-seed-1, one-to-one-seed-2, one-to-one-seed-2-doubled" in said
    assert "4 cells, about" in said
    assert "nothing to compare" in said
    assert not folder.exists()
