"""Units for the baseline's number of weights are found once, and kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from mtlite.ablation import plan
from mtlite.ablation.ablate import prepare_experiment
from mtlite.ablation.plan import Plan, count_parameters, match_parameters, within_tolerance
from mtlite.comparison.systems import System
from mtlite.config.options import Config, ModelConfig
from mtlite.config.resolve import choose_budget, choose_sizes, resolved


def test_units_are_found_once(
    tiny_config: Callable[..., Any], tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = tiny_config().to_dict()
    recipe["model"] = {"embedding_size": 8, "units": 32, "layers": 1}
    recipe["ablation"] = {"topologies": ["encoder-decoder", "padded"], "match": "parameters"}
    experiment = prepare_experiment(recipe, "tiny.yaml", tmp_path, console)
    baseline = Plan(experiment, console.print).config(System("encoder-decoder"), 1, {})
    assert baseline.model.units == 32
    matched = Plan(experiment, console.print).config(System("padded"), 1, {})
    counts = [count_parameters(experiment, config) for config in (matched, baseline)]
    assert within_tolerance(*counts)
    monkeypatch.setattr(plan, "match_parameters", None)
    assert Plan(experiment, console.print).config(System("padded"), 2, {}).model.units == matched.model.units


@pytest.mark.parametrize("target", [500, 10_000, 123_456, 4_000_000])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_nearest_units_are_found(target: int, bidirectional: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def weights(units: int) -> int:
        return 300 + 7 * units + 4 * units * units

    def count(_: Any, config: Config) -> int:
        return weights(int(config.model.units or 0))

    monkeypatch.setattr(plan, "count_parameters", count)
    given = Config(model=ModelConfig(units=64, bidirectional=bidirectional))
    config = resolved(given, *choose_sizes(given, 1000), choose_budget(given.training, 100, 1000))
    found = match_parameters(SimpleNamespace(), config, target)  # type: ignore[arg-type]
    step = 2 if bidirectional else 1
    nearest = min(range(step, 2000, step), key=lambda units: abs(weights(units) - target))
    assert found == (nearest, weights(nearest))


def test_two_percent() -> None:
    assert within_tolerance(1020, 1000)
    assert not within_tolerance(1021, 1000)
    assert not within_tolerance(979, 1000)
