"""Units for a number of weights: the same capacity, counted in numbers that are trained."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

from mtlite.ablation.experiment import Experiment, with_units
from mtlite.config.options import Config, settled
from mtlite.runtime import start_tensorflow

TOLERANCE = 0.02
MOST_UNITS = 1 << 14


@dataclass(frozen=True)
class Match:
    """The units of a system and what they come to.

    Args:
        units: LSTM units per layer.
        parameters: trainable weights of the model.
    """

    units: int
    parameters: int


def within_tolerance(parameters: int, baseline: int) -> bool:
    """Whether a number of weights is that of the baseline within 2 %."""
    return abs(parameters - baseline) <= TOLERANCE * baseline


def count_parameters(experiment: Experiment, config: Config) -> int:
    """Trainable weights of a model, counted by building it."""
    start_tensorflow(experiment.ablation.threads)
    from mtlite.config.length_rules import Lengths
    from mtlite.topologies.build import build_model

    tokenizers = experiment.prepared.tokenizers
    model = build_model(
        config.model,
        source_vocabulary=len(tokenizers.source),
        target_vocabulary=len(tokenizers.target),
        joint=tokenizers.joint,
        lengths=Lengths.fit(experiment.prepared.lengths),
        precision="float32",
    )
    return int(sum(math.prod(weight.shape) for weight in model.trainable_weights))


def match_parameters(experiment: Experiment, config: Config, baseline: int) -> Match:
    """The units with which a topology comes nearest to the baseline's number of weights.

    The number of weights grows with the units, so the place where it passes the baseline's is found by halving.
    """
    step = 2 if config.model.bidirectional else 1  # two directions share the units

    @functools.cache
    def parameters(steps: int) -> int:
        return count_parameters(experiment, with_units(config, steps * step))

    low, high = 1, max(2, settled(config.model.units) // step)
    while parameters(high) < baseline and high * step < MOST_UNITS:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if parameters(middle) < baseline else (low, middle)
    best = min((low, high), key=lambda steps: abs(parameters(steps) - baseline))
    return Match(best * step, parameters(best))
