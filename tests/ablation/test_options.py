"""What cannot be meant is said before anything runs: one line, exit code 2, with what is valid."""

from __future__ import annotations

from typing import Any

import pytest

from mtlite.ablation.ablate import read_ablation
from mtlite.ablation.options import AblationConfig
from mtlite.config.read import read_as
from mtlite.config.registry import TOPOLOGIES
from mtlite.errors import UsageError


def read(values: Any) -> AblationConfig:
    return read_as(AblationConfig, values, "recipe", text=True, section="ablation")


def test_default_is_every_topology_with_attention_as_baseline() -> None:
    config = read({})
    assert config.topologies == list(TOPOLOGIES)
    assert (config.baseline_topology, config.seeds, config.match) == ("attention", [1, 2, 3], "size")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"topologies": []}, "expected at least one value"),
        ({"seeds": []}, "there are no cells"),
        ({"grid": {"model.units": []}}, "there are no cells"),
        ({"topologies": ["atention"]}, "expected one of one-to-one, one-to-many"),
        ({"topologies": "attention"}, "ablation.topologies: expected a list of texts"),
        ({"seeds": [1, "two"]}, "ablation.seeds[2]: expected a whole number, received two"),
        ({"seeds": [1, 1]}, "expected each value once"),
        ({"seeds": [-1]}, "ablation.seeds[1]: expected at least 0"),
        ({"grid": {"model.units": 128}}, "ablation.grid.model.units: expected a list of values, received 128"),
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
        ({"tune": {"training.learning_rate": [0.1, 0.2]}, "tune_trials": 3}, "expected at most 2, the combinations of"),
        ({"tune_trials": 1}, "ablation.tune_trials: expected at most 0"),
        ({"tune_updates": 1.5}, "ablation.tune_updates: expected at most 1"),
        ({"double_seed": 4}, "ablation.double_seed: expected one of ablation.seeds (1, 2, 3), received 4"),
        ({"budget": "seconds"}, "give training.max_updates"),
        ({"threads": 0}, "ablation.threads: expected at least 1"),
        ({"beam": 1}, "2 to 1000"),
        ({"tokens": 1}, "unknown option 'ablation.tokens': expected ablation.topologies or"),
        ([], "ablation: expected options such as topologies"),
    ],
)
def test_section_that_cannot_be_meant(values: Any, said: str) -> None:
    with pytest.raises(UsageError) as error:
        read(values)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_primary_test_sets_are_those_of_the_recipe() -> None:
    values: Any = {"data": {"tests": {"more": {"pairs": "more.tsv"}}}, "ablation": {"primary": ["test", "more"]}}
    assert read_ablation(values, "recipe")[1].primary == ["test", "more"]
    values["ablation"]["primary"] = ["other"]
    with pytest.raises(UsageError, match=r"ablation\.primary: expected some of test, more, received other"):
        read_ablation(values, "recipe")
