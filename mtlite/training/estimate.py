"""How long an update takes here, measured on a few."""

from __future__ import annotations

import time

import numpy as np
import tensorflow as tf

from mtlite.config.resolve import TopologyConfig
from mtlite.data.batches import Batches
from mtlite.data.prepare import Prepared
from mtlite.runtime import choose_precision, lanes
from mtlite.topologies.build import build_model
from mtlite.training.optimizer import Adam
from mtlite.training.step import Objective, TrainingStep

_UPDATES = 5


def seconds_per_update(prepared: Prepared) -> float:
    """Median seconds of a few updates of a model that is thrown away, after one that builds the graph."""
    config = prepared.config
    model = build_model(
        TopologyConfig.of(
            config.model,
            source_vocabulary=len(prepared.tokenizers.source),
            target_vocabulary=len(prepared.tokenizers.target),
            joint=prepared.tokenizers.joint,
            lengths=prepared.rules,
            precision=choose_precision(config.training.precision),
        )
    )
    optimizer = Adam(model.trainable_variables, config.training.clip_norm, config.training.moving_average)
    objective = Objective(config.training.label_smoothing, config.training.consistency)
    options = config.seed, objective, config.training.accumulate
    step = TrainingStep(model, optimizer, *options, tf.distribute.get_strategy(), lanes())
    batches = Batches(prepared.encoded, prepared.tokenizers, config.training.batch_tokens, config.seed).epoch(0)
    together = [next(batches)] * step.batches_per_update
    seconds = []
    for update in range(1, _UPDATES + 2):
        start = time.perf_counter()
        step(together, 0.0, update)
        seconds.append(time.perf_counter() - start)
        together = [*together[1:], next(batches, together[0])]
    return float(np.median(seconds[1:]))
