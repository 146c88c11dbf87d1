"""Layers keep the number formats of their inputs and weights."""

from __future__ import annotations

import keras
import tensorflow as tf

from mtlite.layers.layer import Layer


class Scale(Layer):
    def build(self, input_shape: object) -> None:
        self.scale = self.add_weight(name="scale", shape=(), initializer="ones")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return x * tf.cast(self.scale, x.dtype)


def test_whatever_the_global_policy_says() -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = Scale()
        assert [layer(tf.ones([1], dtype)).dtype for dtype in (tf.float32, tf.bfloat16)] == [tf.float32, tf.bfloat16]
        assert layer.scale.dtype == "float32"
    finally:
        keras.config.set_dtype_policy(before)
