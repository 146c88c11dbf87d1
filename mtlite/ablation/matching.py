"""Units for a number of weights: the same capacity, counted in numbers that are trained."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

from mtlite.ablation.cell_configs import with_units
from mtlite.ablation.experiment import Experiment
from mtlite.config.resolve import ResolvedConfig
from mtlite.runtime import start_tensorflow

TOLERANCE = 0.02
MOST_UNITS = 1 << 14


class Match(NamedTuple):
    """The units of a system, and the weights that its model has with them."""

    units: int
    parameters: int


def within_tolerance(parameters: int, baseline: int) -> bool:
    """Whether a number of weights is that of the baseline within 2 %."""
    return abs(parameters - baseline) <= TOLERANCE * baseline


def count_parameters(experiment: Experiment, config: ResolvedConfig) -> int:
    """Trainable weights of a model."""
    start_tensorflow(experiment.ablation.threads)
    from mtlite.topologies.build import weight_shapes

    return sum(map(math.prod, weight_shapes(experiment.prepared_for(config).topology_config()).values()))


def match_parameters(experiment: Experiment, config: ResolvedConfig, baseline: int) -> Match:
    """The units with which a topology comes nearest to the baseline's number of weights.

    The number of weights grows with the units, so the place where it passes the baseline's is found by halving.
    """
    step = 2 if config.model.bidirectional else 1  # two directions share the units

    @functools.cache
    def parameters(steps: int) -> int:
        return count_parameters(experiment, with_units(config, steps * step))

    low, high = 1, max(2, config.model.units // step)
    while parameters(high) < baseline and high * step < MOST_UNITS:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if parameters(middle) < baseline else (low, middle)
    best = min((low, high), key=lambda steps: abs(parameters(steps) - baseline))
    return Match(best * step, parameters(best))
