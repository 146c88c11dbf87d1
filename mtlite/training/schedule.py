"""The learning rate as a function of the progress of a training."""

from __future__ import annotations

import math

from mtlite.config.resolve import ResolvedTraining


def learning_rate(config: ResolvedTraining, update: float) -> float:
    """Learning rate of an update, numbered from 1; with a budget of seconds, of the update at an even speed.

    With several cycles, each has as many updates; the first one alone warms up.
    """
    updates = config.max_updates / config.cycles
    cycle = min(math.ceil(update / updates), config.cycles) - 1
    peak, warmup = config.learning_rate * 0.5**cycle, config.warmup_updates if cycle == 0 else 0
    update -= cycle * updates
    if update < warmup:
        return peak * update / warmup
    if config.schedule in ("linear", "cosine"):
        left = max(0, updates - update) / max(1, updates - warmup)
        if config.schedule == "cosine":
            left = (1 - math.cos(math.pi * left)) / 2  # Loshchilov & Hutter 2017
        return peak * (config.final_learning_rate + (1 - config.final_learning_rate) * left)
    if config.schedule == "inverse-square-root":
        return peak * math.sqrt(max(1, warmup) / max(1, update))  # Vaswani et al. 2017
    return peak
