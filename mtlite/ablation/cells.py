"""The cells of an ablation: each is one training."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtlite.ablation.options import AblationConfig
from mtlite.comparison.outcome import Options
from mtlite.comparison.systems import System, label


@dataclass(frozen=True)
class Cell:
    """A system with one seed."""

    system: System
    seed: int
    tried: Options | None = None  # for a cell that only serves to choose options: those that are tried

    @property
    def name(self) -> str:
        """Its folder."""
        parts = [self.system.topology, label(self.system.options), label(self.tried or {})]
        kind = f"seed-{self.seed}" if self.tried is None else "tuning"
        return re.sub(r"[^\w.=-]+", "-", "-".join([*filter(None, parts), kind]))


def points(grid: Mapping[str, list[Any]]) -> list[Options]:
    """Every combination of the values of a grid, the last option running fastest."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def systems_of(config: AblationConfig) -> list[System]:
    """All systems, point by point, in the order of the recipe."""
    return [System(topology, point) for point in points(config.grid) for topology in config.topologies]


def cells_of(config: AblationConfig) -> list[Cell]:
    """All cells that are reported."""
    return [Cell(system, seed) for system in systems_of(config) for seed in config.seeds]


def tuning_cells_of(config: AblationConfig) -> list[Cell]:
    """The cells that only serve to choose options."""
    if not config.tune:
        return []
    return [Cell(system, config.tune_seed, tried) for system in systems_of(config) for tried in points(config.tune)]
