"""The units that give a system the baseline's number of weights, kept in `plan.json` for a later start."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable

from mtlite.ablation.experiment import Experiment
from mtlite.comparison.outcome import Options
from mtlite.comparison.systems import System
from mtlite.config.resolve import ResolvedConfig
from mtlite.runtime import start_tensorflow
from mtlite.storage.run_directory import Run

PLAN = "plan.json"
TOLERANCE = 0.02
MOST_UNITS = 1 << 14


def within_tolerance(parameters: int, baseline: int) -> bool:
    """Whether a number of weights is that of the baseline within 2%."""
    return abs(parameters - baseline) <= TOLERANCE * baseline


def count_parameters(experiment: Experiment, config: ResolvedConfig) -> int:
    """Trainable weights of a model."""
    start_tensorflow(experiment.ablation.threads)
    from mtlite.topologies.build import weight_shapes

    return sum(map(math.prod, weight_shapes(experiment.prepared_for(config).topology_config()).values()))


def _with_units(config: ResolvedConfig, units: int) -> ResolvedConfig:
    return dataclasses.replace(config, model=dataclasses.replace(config.model, units=units))


def match_parameters(experiment: Experiment, config: ResolvedConfig, baseline: int) -> tuple[int, int]:
    """The units with which a topology is nearest to the baseline's number of weights, and its number of weights then.

    The number of weights grows with the units, so the units where it passes the baseline's are found by halving.
    """
    step = 2 if config.model.bidirectional else 1  # two directions share the units

    @functools.cache
    def parameters(steps: int) -> int:
        return count_parameters(experiment, _with_units(config, steps * step))

    low, high = 1, max(2, config.model.units // step)
    while parameters(high) < baseline and high * step < MOST_UNITS:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if parameters(middle) < baseline else (low, middle)
    best = min((low, high), key=lambda steps: abs(parameters(steps) - baseline))
    return best * step, parameters(best)


class Plan:
    """Numbers by system, found when they are first asked for; `say` shows a line to the user."""

    def __init__(self, experiment: Experiment, say: Callable[[str], None]) -> None:
        self.experiment, self.say = experiment, say
        self.folder = Run(experiment.folder)
        known = (experiment.folder / PLAN).exists()
        self.known = self.folder.read_json(PLAN, dict[str, int]) if known else {}

    def config(self, system: System, seed: int, chosen: Options) -> ResolvedConfig:
        """The configuration of a cell with the units that make it comparable."""
        config = self.experiment.config(system, seed, chosen)
        ablation = self.experiment.ablation
        if ablation.match == "parameters" and system.topology != ablation.baseline_topology:
            return _with_units(config, self._number(f"units of {system.name}", lambda: self._units(system)))
        return config

    def _number(self, key: str, find: Callable[[], int]) -> int:
        if key not in self.known:
            self.known[key] = find()
            if self.experiment.folder.exists():
                self.folder.write_json(PLAN, self.known)
        return self.known[key]

    def _units(self, system: System) -> int:
        experiment, seed = self.experiment, self.experiment.ablation.seeds[0]
        baseline = System(experiment.ablation.baseline_topology, system.options)
        weights = functools.partial(count_parameters, experiment, experiment.config(baseline, seed))
        target = self._number(f"weights of {baseline.name}", weights)
        units, parameters = match_parameters(experiment, experiment.config(system, seed), target)
        near = "" if within_tolerance(parameters, target) else ": not within 2%, the report says so"
        self.say(f"{system.name}: {units} units, {parameters:,} of {target:,} weights{near}")
        return units
