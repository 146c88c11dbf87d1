"""From lists to cells."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mtlite.ablation.cells import Cell, System, cells_of, nested, points, tuning_cells_of
from mtlite.ablation.experiment import Experiment, base_config, cell_config, fingerprint, left_out_options
from mtlite.ablation.options import AblationConfig
from mtlite.ablation.tuning import choice
from mtlite.config.registry import TOPOLOGIES
from mtlite.errors import UsageError


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


def test_points_become_sections() -> None:
    assert nested({"model.units": 4, "seed": 2}) == {"model": {"units": 4}, "seed": 2}


def test_an_option_that_a_topology_cannot_have_is_left_out_and_known() -> None:
    recipe: dict[str, Any] = {"model": {"bidirectional": True, "attention": "dot", "units": 8}}
    for topology in TOPOLOGIES:
        config = cell_config(recipe, AblationConfig(), System(topology), 1, {})
        able = "bidirectional" in TOPOLOGIES[topology].options
        assert config.model.bidirectional is (True if able else None)
        assert ("bidirectional" in left_out_options(recipe, System(topology))) is not able
    assert cell_config(recipe, AblationConfig(), System("attention"), 1, {}).model.attention == "dot"


@pytest.mark.parametrize(
    ("option", "values"), [("attention", ["dot", "additive"]), ("bidirectional", [True, False]), ("units", [4, 8])]
)
def test_every_option_of_the_recipe_tells_ablations_apart(option: str, values: list[Any]) -> None:
    """Also one that the first topology cannot have: a cell that was trained with another value is not done."""
    sets = {"dev": {"source": "b.en", "target": "b.de"}, "test": {"source": "c.en", "target": "c.de"}}
    side = {"source": ["a"], "target": ["b"]}
    prepared: Any = SimpleNamespace(
        fingerprint="1",
        lengths=np.full((50, 3), 5),
        tokenizers=SimpleNamespace(source=SimpleNamespace(sha256="2"), target=SimpleNamespace(sha256="3")),
        corpus=SimpleNamespace(dev=side, tests={"test": side}),
    )
    found = set()
    for value in values:
        recipe = {"data": {"source": "a.en", "target": "a.de", **sets}, "model": {option: value}}
        ablation = AblationConfig(["one-to-one", "attention"])
        found.add(fingerprint(Experiment("r", recipe, ablation, prepared, Path()).shared()))
    assert len(found) == len(values)


def test_cells_are_greedy_and_have_their_own_seed_and_threads() -> None:
    recipe = {"search": {"beam_size": 5, "nbest": 2}, "training": {"threads": 7}}
    config = cell_config(recipe, AblationConfig(threads=2), System("peek", {"model.units": 6}), 9, {"model.layers": 3})
    assert (config.search.beam_size, config.search.nbest, config.training.threads, config.seed) == (1, 1, 2, 9)
    assert (config.model.topology, config.model.units, config.model.layers) == ("peek", 6, 3)


def test_several_hypotheses_in_a_recipe_keep_no_topology_out() -> None:
    sets = {name: {"source": "b.en", "target": "b.de"} for name in ("dev", "test")}
    recipe = {"search": {"beam_size": 5, "nbest": 2}, "data": {"source": "a.en", "target": "a.de", **sets}}
    assert base_config(recipe, "padded").search.nbest == 1
    with pytest.raises(UsageError, match="search: expected options such as beam_size, received 3"):
        base_config({**recipe, "search": 3}, "padded")


def test_choice_is_the_best_on_dev(made_up: Any) -> None:
    options = {"tune": {"training.learning_rate": [0.1, 0.3, 0.2]}}
    header, outcomes = made_up(**options)
    ablation = AblationConfig(**header["ablation"])
    assert choice(ablation, System("peek"), outcomes) == {"training.learning_rate": 0.3}
    assert choice(ablation, System("peek"), {}) is None
