"""What differs between the systems of a comparison: size, operations, directions, layers, and every other option."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from mtlite.comparison.systems import TrainedSystem
from mtlite.config.registry import entry_of

_OWN_COLUMNS = ("model.topology", "model.bidirectional", "model.layers")


@dataclass(frozen=True)
class Contrast:
    """One system, and in what it differs from the baseline."""

    name: str
    parameters: int
    flops_per_pair: int | None  # of training; None if they were not counted
    directions: int | None  # in which the source is read; None if the run does not say so
    layers: int | None
    options: dict[str, tuple[str, str]]  # by name, the baseline's value and its own, as JSON; those that differ
    size: float  # parameters for each of the baseline


def contrasts(systems: Sequence[TrainedSystem]) -> list[Contrast]:
    """Of each system; the first is the baseline. Options are those of a system's first run, without its seed."""
    baseline = systems[0]
    expected = _options(baseline)
    found = []
    for system in systems:
        run, options = next(iter(system.runs.values())), _options(system)
        differing = {
            name: (expected.get(name, "–"), options.get(name, "–"))
            for name in sorted({*expected, *options} - {*_OWN_COLUMNS})
            if expected.get(name) != options.get(name)
        }
        both = run.config.get("model.bidirectional")
        found.append(
            Contrast(
                name=system.name,
                parameters=system.parameters,
                flops_per_pair=run.flops_per_pair,
                directions=None if both is None else 1 + bool(both),
                layers=run.config.get("model.layers"),
                options=differing,
                size=system.parameters / baseline.parameters,
            )
        )
    return found


def _options(system: TrainedSystem) -> dict[str, str]:
    run = next(iter(system.runs.values()))
    unused = {"seed", *entry_of(run.topology).unused}
    return {name: json.dumps(value, ensure_ascii=False) for name, value in run.config.items() if name not in unused}
