"""Adam (Kingma & Ba 2015) in one pass over every weight, with clipping and a moving average of the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from mtlite.storage.checkpoint import array_of

BETA_1, BETA_2, EPSILON = 0.9, 0.98, 1e-8


class Adam:
    """Updates Keras variables in place. The state is two arrays a weight: the update's number gives bias corrections.

    Args:
        clip_norm: largest norm of all gradients together (Pascanu et al. 2013); 0 does not clip.
        moving_average: decay of the average of the weights (Polyak & Juditsky 1992); 0 keeps none.
    """

    def __init__(self, weights: list[Any], clip_norm: float, moving_average: float) -> None:
        self.weights, self.clip_norm, self.moving_average = weights, clip_norm, moving_average
        self.first = [tf.Variable(tf.zeros(weight.shape), trainable=False) for weight in weights]
        self.second = [tf.Variable(tf.zeros(weight.shape), trainable=False) for weight in weights]
        averaged = weights if moving_average else []
        self.average = [tf.Variable(tf.convert_to_tensor(weight), trainable=False) for weight in averaged]

    def apply(
        self, gradients: list[tf.Tensor], scale: tf.Tensor, learning_rate: tf.Tensor, update: tf.Tensor
    ) -> tf.Tensor:
        """Do one update, numbered from 1, and give the norm of all gradients, times `scale`, before clipping.

        Gradients are one per weight, the others scalar float32.
        """
        norm = tf.linalg.global_norm(gradients) * scale
        if self.clip_norm:
            scale *= tf.minimum(1.0, self.clip_norm / tf.maximum(norm, 1e-12))
        for weight, first, second, gradient in zip(self.weights, self.first, self.second, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle,
                m=first.handle,
                v=second.handle,
                beta1_power=tf.pow(BETA_1, update),
                beta2_power=tf.pow(BETA_2, update),
                lr=learning_rate,
                beta1=BETA_1,
                beta2=BETA_2,
                epsilon=EPSILON,
                grad=gradient * scale,
            )
        if self.moving_average:
            # Early on, the average follows faster: otherwise it would remember the random start.
            keep = tf.minimum(self.moving_average, (1.0 + update) / (10.0 + update))
            for weight, average in zip(self.weights, self.average, strict=True):
                change = (average - tf.convert_to_tensor(weight)) * (1.0 - keep)
                tf.raw_ops.AssignSubVariableOp(resource=average.handle, value=change)
        return norm

    def swap(self) -> None:
        """Exchange weights and averages, before and after a validation."""
        for weight, average in zip(self.weights, self.average, strict=False):
            current = weight.numpy()
            weight.assign(average)
            average.assign(current)

    def state(self) -> dict[str, np.ndarray]:
        """All arrays by name, for a checkpoint."""
        return {
            f"{kind}/{weight.path}": variable.numpy()
            for kind, variables in self._kinds()
            for weight, variable in zip(self.weights, variables, strict=False)
        }

    def load(self, state: dict[str, np.ndarray], origin: Path) -> None:
        """Restore what `state` gave; raise RunError if an array is missing, or of another shape or type."""
        for kind, variables in self._kinds():
            for weight, variable in zip(self.weights, variables, strict=False):
                variable.assign(array_of(state, f"{kind}/{weight.path}", weight.shape, origin))

    def _kinds(self) -> list[tuple[str, list[tf.Variable]]]:
        return [("first", self.first), ("second", self.second), ("average", self.average)]
