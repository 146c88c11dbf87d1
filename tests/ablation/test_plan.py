"""Units for the baseline's number of weights are found once, and kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mtlite.ablation import plan
from mtlite.ablation.ablate import prepare_experiment
from mtlite.ablation.matching import count_parameters, within_tolerance
from mtlite.ablation.plan import Plan
from mtlite.comparison.systems import System


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
