"""Dropout (Srivastava et al. 2014) as a pure function of a seed, so that a resumed run equals an uninterrupted one."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import keras
import tensorflow as tf

from mtlite.layers.layer import Layer

_STEPS = 256  # one random byte decides over one number, which is four times as fast as one random float


@keras.saving.register_keras_serializable("mtlite")
class Dropout(Layer):
    """Sets a share of numbers to zero and scales the rest.

    Args:
        rate: the share, in steps of 1/256.
        whole_positions: drop the whole last axis at once (word dropout) in place of single numbers.
    """

    def __init__(self, rate: float, whole_positions: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.whole_positions = whole_positions
        self.threshold = min(round(rate * _STEPS), _STEPS - 1)
        # Layers of one model must not drop the same positions: the name tells them apart in every process alike.
        self.salt = crc32(self.name.encode()) & 0x7FFFFFFF

    def call(self, x: tf.Tensor, noise: tf.Tensor | None = None) -> tf.Tensor:
        """Drop numbers of `x` `[..., size]` as the seed `noise` `[2]` says; None leaves `x` as it is."""
        if noise is None or self.threshold == 0:
            return x
        shape = tf.shape(x)
        if self.whole_positions:
            shape = tf.concat([shape[:-1], [1]], axis=0)
        count = tf.reduce_prod(shape)
        words = tf.random.stateless_uniform(
            [(count + 3) // 4], tf.random.experimental.stateless_fold_in(noise, self.salt), None, None, tf.uint32
        )
        random_bytes = tf.reshape(tf.reshape(tf.bitcast(words, tf.uint8), [-1])[:count], shape)
        kept = tf.cast(random_bytes >= self.threshold, x.dtype)
        return x * (kept * tf.cast(_STEPS / (_STEPS - self.threshold), x.dtype))

    def compute_output_shape(self, input_shape: Any, *_: Any, **__: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "whole_positions": self.whole_positions}
