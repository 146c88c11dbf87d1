"""What must be known before a system's cells can start: the units that give it the baseline's number of weights.

The numbers are kept in the folder of the ablation (`plan.json`), so that a later start goes on with the same.
"""

from __future__ import annotations

from collections.abc import Callable

from mtlite.ablation.cell_configs import with_units
from mtlite.ablation.experiment import Experiment
from mtlite.ablation.matching import count_parameters, match_parameters, within_tolerance
from mtlite.comparison.outcome import Options
from mtlite.comparison.systems import System
from mtlite.config.resolve import ResolvedConfig
from mtlite.storage.run_directory import Run

PLAN = "plan.json"


class Plan:
    """Numbers by system, found when they are first asked for."""

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
            return with_units(config, self._number(f"units of {system.name}", lambda: self._units(system)))
        return config

    def _number(self, key: str, find: Callable[[], int]) -> int:
        if key not in self.known:
            self.known[key] = find()
            if self.experiment.folder.exists():
                self.folder.write_json(PLAN, self.known)
        return self.known[key]

    def _units(self, system: System) -> int:
        ablation, experiment = self.experiment.ablation, self.experiment
        baseline = System(ablation.baseline_topology, system.options)
        target = self._number(
            f"weights of {baseline.name}",
            lambda: count_parameters(experiment, experiment.config(baseline, ablation.seeds[0])),
        )
        match = match_parameters(experiment, experiment.config(system, ablation.seeds[0]), target)
        near = "" if within_tolerance(match.parameters, target) else ": not within 2 %, the report says so"
        self.say(f"{system.name}: {match.units} units, {match.parameters:,} of {target:,} weights{near}")
        return match.units
