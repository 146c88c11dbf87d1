"""Layers keep the number formats of their inputs and weights, and Keras can make them again from what it saved."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtlite.layers.attention import AttentionLayer
from mtlite.layers.embedding import Embedding
from mtlite.layers.head import Head
from mtlite.layers.layer import Layer
from mtlite.layers.stack import DenseStack, LSTMStack

IDS = tf.constant([[3, 4, 0], [2, 1, 4]])
X = tf.reshape(tf.range(2.0 * 3 * 4) / 24, [2, 3, 4])


def weighed(layer: AttentionLayer) -> Any:
    return layer(X, layer.look_at(X, tf.ones([2, 3], tf.bool)))


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


@pytest.mark.parametrize(
    ("layer", "call"),
    [
        (Embedding(5, 4, dropout=0.1, word_dropout=0.2, precision="bfloat16"), lambda layer: layer(IDS)),
        (Head(5, None), lambda layer: layer(X)),
        (Head(5, Embedding(5, 3)), lambda layer: layer(X)),
        (AttentionLayer("additive", 4), weighed),
        (DenseStack(4, layers=2, layer_normalization=True), lambda layer: layer(X)),
        (LSTMStack(4, bidirectional=True, residual=True), lambda layer: layer(X)),
    ],
    ids=["embedding", "head", "tied head", "attention", "dense stack", "lstm stack"],
)
def test_again_from_its_configuration(layer: Any, call: Callable[[Any], Any]) -> None:
    before = call(layer)
    again = keras.saving.deserialize_keras_object(json.loads(json.dumps(keras.saving.serialize_keras_object(layer))))
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config()
    call(again)  # creates its weights
    again.set_weights(layer.get_weights())
    for ours, theirs in zip(tf.nest.flatten(call(again)), tf.nest.flatten(before), strict=True):
        np.testing.assert_array_equal(tf.cast(ours, tf.float32), tf.cast(theirs, tf.float32))
