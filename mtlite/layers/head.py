"""From features to scores over the target vocabulary, and to the loss."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from mtlite.layers.cross_entropy import cross_entropy
from mtlite.layers.dtypes import in_dtype
from mtlite.layers.embedding import Embedding
from mtlite.layers.layer import Layer


class Head(Layer):
    """`Dense(embedding size)` and the embeddings transposed when tied (Press & Wolf 2017), else `Dense(vocabulary)`.

    Args:
        vocabulary_size: size of the target vocabulary.
        embedding: the table to tie with, or None for weights of its own.
    """

    def __init__(self, vocabulary_size: int, embedding: Embedding | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.embedding = embedding

    def build(self, input_shape: Any) -> None:
        size = input_shape[-1]
        if self.embedding is not None:
            if not self.embedding.built:  # a topology that reads no target never calls it
                self.embedding.build()
            self.projection = self.add_weight(name="projection", shape=(size, self.embedding.size))
            self.projection_bias = self.add_weight(
                name="projection_bias", shape=(self.embedding.size,), initializer="zeros"
            )
        else:
            self.kernel = self.add_weight(name="kernel", shape=(size, self.vocabulary_size))
        self.bias = self.add_weight(name="bias", shape=(self.vocabulary_size,), initializer="zeros")
        self.built = True

    def _input_of_last(self, features: tf.Tensor) -> tf.Tensor:
        """The input of the last product `[positions, size]` for features `[positions, size]`."""
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
        """Loss of every position, with and without label smoothing; see `cross_entropy`.

        Args:
            features: `[positions, size]`.
            labels: `[positions]`.
            smoothing: share of the probability that is spread over the vocabulary.

        Returns:
            The smoothed loss, and −log p without a gradient; `[positions]` float32 both.
        """
        if self.embedding is None:
            weights = tf.transpose(tf.convert_to_tensor(self.kernel))
        else:
            weights = tf.convert_to_tensor(self.embedding.table)
        bias = tf.convert_to_tensor(self.bias)
        return cross_entropy(self._input_of_last(features), weights, bias, labels, smoothing)
