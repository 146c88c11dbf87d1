"""What cannot be meant is said before anything runs: one line, exit code 2, with what is valid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mtlite.ablation.ablate import read_ablation
from mtlite.ablation.options import ablation_config
from mtlite.commands import ablate as command
from mtlite.config.registry import TOPOLOGIES
from mtlite.errors import UsageError

RECIPE: dict[str, Any] = {
    "data": {
        "source": "a.en",
        "target": "a.de",
        "dev": {"source": "b.en", "target": "b.de"},
        "test": {"source": "c.en", "target": "c.de"},
    },
}


def test_default_is_every_topology_with_attention_as_baseline() -> None:
    config = ablation_config({}, "recipe")
    assert config.topologies == list(TOPOLOGIES)
    assert (config.baseline, config.seeds, config.match) == ("attention", [1, 2, 3], "size")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"topologies": []}, "expected at least one value"),
        ({"seeds": []}, "there would be no cells"),
        ({"grid": {"model.units": []}}, "there would be no cells"),
        ({"topologies": ["atention"]}, "expected one of one-to-one, one-to-many"),
        ({"topologies": "attention"}, "expected a list such as [attention, peek]"),
        ({"seeds": [1, "2"]}, "expected a list such as [1, 2, 3]"),
        ({"seeds": [1, 1]}, "expected each value once"),
        ({"seeds": [-1]}, "expected numbers from 0"),
        ({"grid": {"model.units": 128}}, "expected lists by option, as {model.units: [128, 256]}"),
        ({"grid": {"model.unit": [1]}}, "unknown option 'model.unit': expected model.units"),
        ({"grid": {"seed": [1]}}, "expected ablation.seeds"),
        ({"grid": {"tokenizer.kind": ["bpe"]}}, "is the same in all cells"),
        ({"grid": {"training.max_updates": [10, 20]}}, "is the budget, the same for all cells"),
        ({"tune": {"training.max_seconds": [1.0, 2.0]}}, "is the budget, the same for all cells"),
        ({"grid": {"training.learning_rate": [x / 1e6 for x in range(1, 60)]}}, "2,124 cells: expected at most 1,000"),
        ({"grid": {"model.units": [2]}, "tune": {"model.units": [4]}}, "expected it in one of the two"),
        ({"grid": {"model.units": [2]}, "match": "parameters"}, "chooses model.units"),
        ({"match": "sizes"}, "expected one of size, parameters"),
        ({"baseline": "peek", "topologies": ["attention"]}, "expected one of attention, received peek"),
        ({"tune": {"training.learning_rate": [0.1]}, "tune_seed": 1}, "a seed that is not reported"),
        ({"budget": "seconds"}, "a number of seconds"),
        ({"threads": 0}, "expected 1 to 4096"),
        ({"beam": 1}, "2 to 1000"),
        ({"tokens": 1}, "unknown option 'ablation.tokens': expected ablation.topologies or"),
        ([], "expected options such as topologies"),
    ],
)
def test_section_that_cannot_be_meant(values: Any, said: str) -> None:
    with pytest.raises(UsageError) as error:
        ablation_config(values, "recipe")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"training": {"patience": 3}}, "no early stopping"),
        ({"training": {"max_seconds": 3}}, "expected ablation.budget seconds"),
        ({"data": {**RECIPE["data"], "test": {}}}, "another for every seed"),
        ({"model": {"topologi": "peek"}}, "unknown option 'model.topologi'"),
        ({"ablation": {"grid": {"model.units": [3]}, "topologies": ["peek"]}}, "expected an even number"),
        ({"ablation": {"grid": {"model.wait": [0.1, 0.9]}, "topologies": ["peek"]}}, "it is an option of last-n"),
        ({"ablation": {"grid": {"training.schedule": ["x"]}}}, "expected one of constant, linear"),
    ],
)
def test_recipe_of_cells_that_cannot_be(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as error:
        read_ablation({**RECIPE, "ablation": {}, **change}, "recipe")
    assert said in str(error.value)


def test_recipe_that_is_no_ablation(tmp_path: Path) -> None:
    path = tmp_path / "plain.yaml"
    path.write_text(yaml.safe_dump(RECIPE))
    with pytest.raises(UsageError, match="is not an ablation: expected a section"):
        command.run([str(path)])


def test_options_of_the_command_line_stand_over_the_recipe(tmp_path: Path) -> None:
    values = command.with_overrides(
        {**RECIPE, "ablation": {"seeds": [1, 2], "beam": 5}}, {"ablation": {"seeds": [7]}, "seed": 4}
    )
    assert values["ablation"] == {"seeds": [7], "beam": 5}
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump({**RECIPE, "ablation": {}}))
    with pytest.raises(UsageError, match="expected at least one value, received none"):
        command.run([str(path), "--ablation.seeds", "[]"])
    with pytest.raises(UsageError, match="--jobs: expected at least 1"):
        command.run([str(path), "--jobs", "0"])
