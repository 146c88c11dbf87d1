"""Units for a number of weights."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mtlite.ablation import matching
from mtlite.ablation.matching import match_parameters, within_tolerance
from mtlite.config.options import Config, ModelConfig
from mtlite.config.resolve import choose_budget, choose_sizes, resolved


@pytest.mark.parametrize("target", [500, 10_000, 123_456, 4_000_000])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_nearest_units_are_found(target: int, bidirectional: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def weights(units: int) -> int:
        return 300 + 7 * units + 4 * units * units

    def count(_: Any, config: Config) -> int:
        return weights(int(config.model.units or 0))

    monkeypatch.setattr(matching, "count_parameters", count)
    given = Config(model=ModelConfig(units=64, bidirectional=bidirectional))
    config = resolved(given, *choose_sizes(given, 1000), choose_budget(given.training, 1000, 10))
    found = match_parameters(SimpleNamespace(), config, target)  # type: ignore[arg-type]
    step = 2 if bidirectional else 1
    nearest = min(range(step, 2000, step), key=lambda units: abs(weights(units) - target))
    assert (found.units, found.parameters) == (nearest, weights(nearest))


def test_two_percent() -> None:
    assert within_tolerance(1020, 1000)
    assert not within_tolerance(1021, 1000)
    assert not within_tolerance(979, 1000)
