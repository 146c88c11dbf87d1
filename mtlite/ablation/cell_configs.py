"""What each cell is trained with: the recipe, with what its system and its seed say over it."""

from __future__ import annotations

import dataclasses
import math

from mtlite.ablation.options import AblationConfig
from mtlite.comparison.outcome import Options
from mtlite.comparison.systems import System
from mtlite.config.options import Config
from mtlite.config.read import shown
from mtlite.config.recipe import Values, config_from, merge, nested
from mtlite.config.registry import entry_of, unsupported
from mtlite.config.resolve import ResolvedConfig
from mtlite.errors import UsageError


def base_config(recipe: Values, topology: str) -> Config:
    """The recipe without its section `ablation`, with what is the same in all cells, and one of the topologies."""
    values = {**recipe, "search": {**_section(recipe, "search"), "nbest": 1}}  # as in every cell
    config = config_from({**values, "model": _model_values(recipe, System(topology))}, "recipe")
    if config.training.patience:
        raise UsageError(
            f"training.patience {config.training.patience}: an ablation has one budget for all cells, no early "
            "stopping: expected 0"
        )
    if config.training.max_seconds:
        raise UsageError(
            f"training.max_seconds {config.training.max_seconds:g}: an ablation has one number of updates for all "
            "cells: expected training.max_updates instead"
        )
    if config.training.start_from:
        raise UsageError(
            f"training.start_from {config.training.start_from}: an ablation trains every cell from the beginning: "
            "leave it out"
        )
    return config


def cell_config(recipe: Values, ablation: AblationConfig, system: System, seed: int, chosen: Options) -> Config:
    """The configuration of a cell, open where the recipe leaves it open; `chosen` are options by tuning."""
    values = merge(recipe, nested({**system.options, **chosen}))
    cell = {
        "seed": seed,
        "model": _model_values(values, system),
        "training": {**_section(values, "training"), "threads": ablation.threads},
        "search": {**_section(values, "search"), "beam_size": 1, "nbest": 1},
    }
    return config_from({**values, **cell}, f"ablation, {system.name}")


def stretched(config: ResolvedConfig, factor: float) -> ResolvedConfig:
    """The same with `factor` times the updates, over which warm-up, schedule and validations are stretched."""
    training = config.training
    updates = ("max_updates", "warmup_updates", "validate_every")
    changed = {name: math.ceil(factor * getattr(training, name)) for name in updates}
    return dataclasses.replace(config, training=dataclasses.replace(training, **changed))


def _model_values(values: Values, system: System) -> Values:
    left_out = left_out_options(values, system)
    model = {name: value for name, value in _section(values, "model").items() if name not in left_out}
    return {**model, "topology": system.topology}


def _section(values: Values, name: str) -> Values:
    section = values.get(name) or {}
    if not isinstance(section, dict):
        raise UsageError(f"recipe: {name}: expected options of {name}, received {shown(section)}")
    return section


def left_out_options(recipe: Values, system: System) -> list[str]:
    """The options of the recipe that this topology cannot have: it runs without them, and is marked.

    An option of the grid is never left out: it was asked for by name.
    """
    in_grid = {name.rpartition(".")[2] for name in system.options}
    return [name for name in unsupported(system.topology, _section(recipe, "model")) if name not in in_grid]


def one_direction(recipe: Values, topology: str) -> bool:
    """Whether a topology reads in one direction where others of the recipe read in both."""
    asked = _section(recipe, "model").get("bidirectional")
    return asked is not False and "bidirectional" not in entry_of(topology).options
