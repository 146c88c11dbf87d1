"""The cells of an ablation: what is trained once each."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mtlite.ablation.options import AblationConfig, Grid

Point = dict[str, Any]
"""By option, one value: a point of a grid."""


@dataclass(frozen=True)
class System:
    """One way to train: a topology at a point of the grid. Its seeds are repetitions of it.

    Args:
        topology: the wiring.
        point: the options that the grid varies.
    """

    topology: str
    point: Point = field(default_factory=dict)

    @property
    def name(self) -> str:
        """For people: `attention`, or `attention units=128`."""
        return " ".join([self.topology, label(self.point)]).strip()


@dataclass(frozen=True)
class Cell:
    """A system with one seed: one training.

    Args:
        system: what is trained.
        seed: of everything.
        tried: for a cell that only serves to choose: the options that are tried.
    """

    system: System
    seed: int
    tried: Point | None = None

    @property
    def name(self) -> str:
        """Its folder."""
        parts = [self.system.topology, label(self.system.point), label(self.tried or {})]
        kind = f"seed-{self.seed}" if self.tried is None else "tuning"
        return re.sub(r"[^\w.=-]+", "-", "-".join([*filter(None, parts), kind]))


def label(point: Point) -> str:
    """A point for people: `units=128 dropout=0.1`."""
    return " ".join(f"{name.rpartition('.')[2]}={_plain(value)}" for name, value in point.items())


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def points(grid: Mapping[str, list[Any]] | Grid) -> list[Point]:
    """Every combination, the last option running fastest."""
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


def nested(point: Point) -> dict[str, Any]:
    """A point as sections of a recipe: `{"model.units": 128}` is `{"model": {"units": 128}}`."""
    values: dict[str, Any] = {}
    for name, value in point.items():
        *sections, last = name.split(".")
        place = values
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value
    return values
