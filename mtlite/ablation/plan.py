"""What must be found out before a system's cells can start: units for a number of weights.

They are kept in the folder of the ablation (`plan.json`), so that a later start goes on with the same numbers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from mtlite.ablation.cells import Point, System
from mtlite.ablation.experiment import Experiment, with_units
from mtlite.ablation.matching import count_parameters, match_parameters, within_tolerance
from mtlite.config.options import Config
from mtlite.runtime import start_tensorflow
from mtlite.storage.run_directory import Run

PLAN = "plan.json"


class Plan:
    """Numbers by system, found out when they are first asked for.

    Args:
        experiment: what the systems share.
        say: shows a line to the user.
    """

    def __init__(self, experiment: Experiment, say: Callable[[str], None]) -> None:
        self.experiment, self.say = experiment, say
        self.place = Run(experiment.folder)
        known = (experiment.folder / PLAN).exists()
        self.known: dict[str, Any] = self.place.read_json(PLAN) if known else {}

    def config(self, system: System, seed: int, chosen: Point) -> Config:
        """The configuration of a cell with the units that make it comparable."""
        config = self.experiment.config(system, seed, chosen)
        ablation = self.experiment.ablation
        if ablation.match == "parameters" and system.topology != ablation.baseline:
            config = with_units(config, self._number(f"units of {system.name}", lambda: self._units(system)))
        return config

    def _number(self, key: str, find: Callable[[], int]) -> int:
        if key not in self.known:
            self.known[key] = find()
            if self.experiment.folder.exists():
                self.place.write_json(PLAN, self.known)
        return int(self.known[key])

    def _units(self, system: System) -> int:
        ablation, experiment = self.experiment.ablation, self.experiment
        same_point = System(str(ablation.baseline), system.point)
        target = self._number(
            f"weights of {same_point.name}",
            lambda: count_parameters(experiment, experiment.config(same_point, ablation.seeds[0])),
        )
        match = match_parameters(experiment, experiment.config(system, ablation.seeds[0]), target)
        near = "" if within_tolerance(match.parameters, target) else ": not within 2 %, the report says so"
        self.say(f"{system.name}: {match.units} units, {match.parameters:,} of {target:,} weights{near}")
        return match.units


def seconds_per_update(experiment: Experiment, config: Config) -> float:
    """How long an update of a cell takes on this machine."""
    start_tensorflow(experiment.ablation.threads)
    from mtlite.training import estimate

    return estimate.seconds_per_update(dataclasses.replace(experiment.prepared, config=config))
