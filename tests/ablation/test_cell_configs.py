"""What each cell is trained with."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from mtlite.ablation.cell_configs import base_config, cell_config, left_out_options, one_direction, stretched
from mtlite.ablation.options import AblationConfig
from mtlite.comparison.systems import System
from mtlite.config.options import Config, TrainingConfig
from mtlite.config.registry import TOPOLOGIES
from mtlite.config.resolve import choose_budget, choose_sizes, resolved
from mtlite.errors import UsageError
from mtlite.training.schedule import learning_rate


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_an_option_that_a_topology_cannot_have_is_left_out_and_known(topology: str) -> None:
    recipe: dict[str, Any] = {"model": {"bidirectional": True, "attention": "dot", "units": 8}}
    config = cell_config(recipe, AblationConfig(), System(topology), 1, {})
    able = "bidirectional" in TOPOLOGIES[topology].options
    assert config.model.bidirectional is (True if able else None)
    assert ("bidirectional" in left_out_options(recipe, System(topology))) is not able
    assert one_direction(recipe, topology) is not able
    assert config.model.attention == ("dot" if "attention" in TOPOLOGIES[topology].options else "general")


def test_an_option_of_the_grid_is_not_left_out() -> None:
    with pytest.raises(UsageError, match="it is an option of last-n"):
        cell_config({}, AblationConfig(), System("peek", {"model.wait": 0.1}), 1, {})


def test_cells_are_greedy_and_have_their_own_seed_and_threads() -> None:
    recipe = {"search": {"beam_size": 5, "nbest": 2}, "training": {"threads": 7}}
    config = cell_config(recipe, AblationConfig(threads=2), System("peek", {"model.units": 6}), 9, {"model.layers": 3})
    assert (config.search.beam_size, config.search.nbest, config.training.threads, config.seed) == (1, 1, 2, 9)
    assert (config.model.topology, config.model.units, config.model.layers) == ("peek", 6, 3)


def test_several_hypotheses_in_a_recipe_keep_no_topology_out() -> None:
    assert base_config({"search": {"beam_size": 5, "nbest": 2}}, "padded").search.nbest == 1


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ({"training": {"patience": 3}}, "no early stopping"),
        (
            {"training": {"start_from": "runs/a"}},
            "training.start_from runs/a: an ablation trains every cell from the beginning",
        ),
        ({"training": {"max_seconds": 3}}, "expected training.max_updates"),
        ({"search": 3}, "search: expected options of search, received 3"),
        ({"model": [1]}, "model: expected options of model, received a list of 1"),
        ({"model": {"topologi": "peek"}}, "unknown option 'model.topologi'"),
    ],
)
def test_a_recipe_that_no_ablation_can_have(recipe: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as error:
        base_config(recipe, "peek")
    assert said in str(error.value)


def test_twice_the_updates_have_a_schedule_of_twice_the_length() -> None:
    config = Config(training=TrainingConfig(max_updates=1000, warmup_updates=30, schedule="cosine", learning_rate=0.01))
    once = resolved(config, *choose_sizes(config, 1000), choose_budget(config.training, 100, 1000))
    twice = stretched(once, 2.0)
    assert (twice.training.max_updates, twice.training.warmup_updates) == (2000, 60)
    rates = [learning_rate(each.training, update) for each, update in ((once, 700), (twice, 1400))]
    assert rates[0] == pytest.approx(rates[1])
    validations = [each.training.max_updates // each.training.validate_every for each in (once, twice)]
    assert validations[0] == validations[1]
    assert dataclasses.replace(twice, training=once.training) == once
