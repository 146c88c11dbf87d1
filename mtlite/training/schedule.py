"""The learning rate as a function of the progress of a training."""

from __future__ import annotations

import math

from mtlite.config.resolve import ResolvedTraining


def learning_rate(config: ResolvedTraining, update: float) -> float:
    """Learning rate of an update, numbered from 1; with a budget of seconds, of the update at an even speed."""
    warmup, updates = config.warmup_updates, config.max_updates
    if update < warmup:
        return config.learning_rate * update / warmup
    if config.schedule in ("linear", "cosine"):
        left = max(0, updates - update) / max(1, updates - warmup)
        if config.schedule == "cosine":
            left = (1 - math.cos(math.pi * left)) / 2  # Loshchilov & Hutter 2017
        return config.learning_rate * (config.final_learning_rate + (1 - config.final_learning_rate) * left)
    if config.schedule == "inverse-square-root":
        return config.learning_rate * math.sqrt(max(1, warmup) / max(1, update))  # Vaswani et al. 2017
    return config.learning_rate
