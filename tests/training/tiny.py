"""A model, batches and an optimizer small enough to be compared number by number."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from small_models import build

from mtlite.config.length_rules import LengthRule, LengthRules
from mtlite.data.batches import Batch, pad
from mtlite.topologies.topology import Topology

VOCABULARY = 12


def make_model(vocabulary: int = VOCABULARY, topology: str = "encoder-decoder", **options: Any) -> Topology:
    """The same weights every time."""
    rule = LengthRule(1.0, 0.0)
    options = {"embedding_size": 4, "units": 4, "bidirectional": False, **options}
    return build(topology, vocabulary=vocabulary, lengths=LengthRules(rule, rule, 8, 1), **options)


def make_batch(seed: int, pairs: int = 3) -> Batch:
    """Pairs of random ids and lengths."""
    draw = np.random.default_rng(seed)

    def side() -> np.ndarray:
        return pad([np.array([*draw.integers(4, VOCABULARY, draw.integers(1, 6)), 3], np.int32) for _ in range(pairs)])

    return Batch(side(), side())


def joined(*batches: Batch) -> Batch:
    """All pairs as one batch."""
    sides = zip(*batches, strict=True)
    return Batch(*(pad([row[row != 0] for part in side for row in part]) for side in sides))


def values(model: Topology) -> list[np.ndarray]:
    return [weight.numpy() for weight in model.weights]


class Descent:
    """Plain gradient descent: what the weights move by is the gradient itself."""

    def __init__(self, weights: list[Any]) -> None:
        self.weights = weights

    def apply(self, gradients: list[tf.Tensor], scale: tf.Tensor, rate: tf.Tensor, update: tf.Tensor) -> tf.Tensor:
        for weight, gradient in zip(self.weights, gradients, strict=True):
            tf.raw_ops.AssignSubVariableOp(resource=weight.handle, value=rate * scale * gradient)
        return tf.linalg.global_norm(gradients) * scale
