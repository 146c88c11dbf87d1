"""The cells of an ablation: each is one training. Some only serve to choose options on the dev set for the others."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtlite.ablation.options import AblationConfig
from mtlite.comparison.outcome import Options, Outcome
from mtlite.comparison.systems import System, label
from mtlite.config.registry import entry_of, unsupported


@dataclass(frozen=True)
class Cell:
    """A system with one seed."""

    system: System
    seed: int
    tried: Options | None = None  # for a cell that only serves to choose options: those that are tried
    doubled: bool = False  # whether it is trained with twice the updates

    @property
    def name(self) -> str:
        """Its folder."""
        parts = [self.system.topology, label(self.system.options), label(self.tried or {})]
        kind = f"seed-{self.seed}{'-doubled' if self.doubled else ''}" if self.tried is None else "tuning"
        return re.sub(r"[^\w.=-]+", "-", "-".join([*filter(None, parts), kind]))

    def share_of_updates(self, config: AblationConfig) -> float:
        """How many updates it is trained with, for one of the recipe."""
        if self.tried is not None:
            return config.tune_updates
        return 2.0 if self.doubled else 1.0


def points(grid: Mapping[str, list[Any]]) -> list[Options]:
    """Every combination of the values of a grid, the last option running fastest."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def trials_of(config: AblationConfig, topology: str) -> list[Options]:
    """The options that are tried for a topology: every combination, or as many as the recipe asks for.

    These are points of a Sobol sequence (Sobol 1967, with the directions of Joe & Kuo 2008), which fills a space more
    evenly than random points do; its first points are the same everywhere. A topology that one of the options does not
    concern has as many trials as the others, as far as there are different ones.
    """
    unable = {f"model.{option}" for option in unsupported(topology, [name.rpartition(".")[2] for name in config.tune])}
    unable |= entry_of(topology).unused
    able = {name: values for name, values in config.tune.items() if name not in unable}
    every = points(able) if able else []
    if not config.tune_trials or config.tune_trials >= len(every):
        return every
    from scipy.stats import qmc  # 0.4 s, which every report would pay

    sobol = qmc.Sobol(len(config.tune), scramble=False).fast_forward(1)  # the first is the corner of all first values
    trials: dict[str, Options] = {}
    while len(trials) < config.tune_trials:
        places = zip(config.tune.items(), sobol.random(1)[0], strict=True)
        trial = {name: values[int(place * len(values))] for (name, values), place in places if name in able}
        trials.setdefault(label(trial), trial)
    return list(trials.values())


def systems_of(config: AblationConfig) -> list[System]:
    """All systems, point by point, in the order of the recipe."""
    return [System(topology, point) for point in points(config.grid) for topology in config.topologies]


def cells_of(config: AblationConfig) -> list[Cell]:
    """All cells that are reported, seed by seed: whatever is finished first can be compared."""
    return [Cell(system, seed) for seed in config.seeds for system in systems_of(config)]


def doubled_cells_of(config: AblationConfig) -> list[Cell]:
    """The cells that are trained with twice the updates."""
    seed = config.double_seed
    return [] if seed is None else [Cell(system, seed, doubled=True) for system in systems_of(config)]


def tuning_cells_of(config: AblationConfig) -> list[Cell]:
    """The cells that only serve to choose options."""
    systems = systems_of(config)
    return [Cell(each, config.tune_seed, tried) for each in systems for tried in trials_of(config, each.topology)]


def tuning_outcomes(ablation: AblationConfig, system: System, outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """By label of the options that were tried, the outcomes of the finished tuning cells of a system."""
    return {
        label(cell.tried or {}): outcomes[cell.name]
        for cell in tuning_cells_of(ablation)
        if cell.system == system and cell.name in outcomes
    }


def best_options(ablation: AblationConfig, system: System, outcomes: Mapping[str, Outcome]) -> Options | None:
    """The options that did best on the dev set: by BLEU, ties by loss; of equal ones the first."""
    finished = tuning_outcomes(ablation, system, outcomes)
    candidates = [tried for tried in trials_of(ablation, system.topology) if label(tried) in finished]
    best = {label(tried): finished[label(tried)].best for tried in candidates}
    return max(candidates, key=lambda tried: (best[label(tried)][2], -best[label(tried)][1]), default=None)
