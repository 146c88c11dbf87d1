"""From features to scores over the target vocabulary, and to the loss."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from mtlite.layers.cross_entropy import cross_entropy
from mtlite.layers.dtypes import in_dtype
from mtlite.layers.embedding import Embedding
from mtlite.layers.layer import Layer


@keras.saving.register_keras_serializable("mtlite")
class Head(Layer):
    """`Dense(embedding size)` and the embedding transposed when tied (Press & Wolf 2017), else `Dense(vocabulary)`."""

    def __init__(self, vocabulary_size: int, embedding: Embedding | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size, self.embedding = vocabulary_size, embedding

    def build(self, input_shape: Any) -> None:
        size = input_shape[-1]
        if self.embedding is None:
            self.kernel = self.add_weight(name="kernel", shape=(size, self.vocabulary_size))
        else:
            if not self.embedding.built:  # a topology that reads no target never calls it
                self.embedding.build()
            narrow = self.embedding.size
            self.projection = self.add_weight(name="projection", shape=(size, narrow))
            self.projection_bias = self.add_weight(name="projection_bias", shape=(narrow,), initializer="zeros")
        self.bias = self.add_weight(name="bias", shape=(self.vocabulary_size,), initializer="zeros")
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Say the embedding, too: Keras derives a configuration from plain values alone."""
        embedding = keras.saving.serialize_keras_object(self.embedding)
        return {**super().get_config(), "vocabulary_size": self.vocabulary_size, "embedding": embedding}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Head:
        return cls(**{**config, "embedding": keras.saving.deserialize_keras_object(config["embedding"])})

    def _input_of_last(self, features: tf.Tensor) -> tf.Tensor:
        """Features `[positions, size]` → input of the last product `[positions, size]`."""
        if self.embedding is None:
            return features
        dtype = features.dtype
        x = tf.cast(tf.matmul(features, in_dtype(self.projection, dtype)), tf.float32)
        return tf.cast(x + in_dtype(self.projection_bias, tf.float32), dtype)

    def call(self, features: tf.Tensor) -> tf.Tensor:
        """`[..., size]` → logits `[..., vocabulary]` float32."""
        x = self._input_of_last(tf.reshape(features, [-1, features.shape[-1]]))
        if self.embedding is None:
            logits = tf.matmul(x, in_dtype(self.kernel, x.dtype))
        else:
            logits = tf.matmul(x, in_dtype(self.embedding.table, x.dtype), transpose_b=True)
        shape = tf.concat([tf.shape(features)[:-1], [self.vocabulary_size]], axis=0)
        return tf.reshape(tf.cast(logits, tf.float32) + self.bias, shape)

    def cross_entropy(self, features: tf.Tensor, labels: tf.Tensor, smoothing: float) -> tuple[tf.Tensor, tf.Tensor]:
        """`cross_entropy` of labels `[positions]`, given features `[positions, size]`."""
        if self.embedding is None:
            weights = tf.transpose(tf.convert_to_tensor(self.kernel))
        else:
            weights = tf.convert_to_tensor(self.embedding.table)
        bias = tf.convert_to_tensor(self.bias)
        return cross_entropy(self._input_of_last(features), weights, bias, labels, smoothing)
