"""From features to scores over the target vocabulary, and to the loss."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from mtlite.models.embedding import Embedding
from mtlite.models.formats import in_format
from mtlite.models.layer import Layer


@tf.custom_gradient
def negative_log_likelihood(logits: tf.Tensor, labels: tf.Tensor) -> Any:
    """−log softmax of the labels, in fewer passes over the logits than the operation of TensorFlow takes.

    The exponentials of the forward pass are kept: the gradient is one product and one difference a row.

    Args:
        logits: `[positions, vocabulary]` float32.
        labels: `[positions]`.

    Returns:
        `[positions]` float32.
    """
    logits -= tf.reduce_max(logits, axis=-1, keepdims=True)
    exponentials = tf.exp(logits)
    total = tf.reduce_sum(exponentials, axis=-1, keepdims=True)
    places = tf.stack([tf.range(tf.size(labels)), tf.cast(labels, tf.int32)], axis=1)
    nll = tf.math.log(total)[:, 0] - tf.gather_nd(logits, places)

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, None]:
        softmax = exponentials * (upstream[:, None] / total)
        return tf.tensor_scatter_nd_sub(softmax, places, upstream), None

    return nll, gradient


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
        kind = features.dtype
        return tf.matmul(features, in_format(self.projection, kind)) + in_format(self.projection_bias, kind)

    def call(self, features: tf.Tensor) -> tf.Tensor:
        """`[..., size]` → logits `[..., vocabulary]` float32."""
        x = self._input_of_last(tf.reshape(features, [-1, features.shape[-1]]))
        if self.embedding is None:
            logits = tf.matmul(x, in_format(self.kernel, x.dtype))
        else:
            logits = tf.matmul(x, in_format(self.embedding.table, x.dtype), transpose_b=True)
        shape = tf.concat([tf.shape(features)[:-1], [self.vocabulary_size]], axis=0)
        return tf.reshape(tf.cast(logits, tf.float32) + self.bias, shape)

    def cross_entropy(self, features: tf.Tensor, labels: tf.Tensor, smoothing: float) -> tuple[tf.Tensor, tf.Tensor]:
        """Loss of every position, with and without label smoothing, in one pass over the logits.

        With smoothing s and mean logit m, the smoothed loss −(1−s)·log p(label) − s·mean(log p) equals
        nll + s·(z_label − m), and m is the product with the mean of the output weights.

        Args:
            features: `[positions, size]`.
            labels: `[positions]`.
            smoothing: share of the probability that is spread over the vocabulary.

        Returns:
            The smoothed loss and −log p, both `[positions]` float32.
        """
        x = self._input_of_last(features)
        if self.embedding is None:
            weights = tf.transpose(tf.convert_to_tensor(self.kernel))
        else:
            weights = tf.convert_to_tensor(self.embedding.table)
        bias = tf.convert_to_tensor(self.bias)
        products = tf.matmul(x, tf.cast(weights, x.dtype), transpose_b=True)
        logits = tf.nn.bias_add(tf.cast(products, tf.float32), bias)  # has a faster gradient than a sum
        nll = negative_log_likelihood(logits, labels)
        if not smoothing:
            return nll, nll
        x = tf.cast(x, tf.float32)
        label_logit = tf.reduce_sum(x * tf.gather(weights, labels), axis=-1) + tf.gather(bias, labels)
        mean_logit = tf.linalg.matvec(x, tf.reduce_mean(weights, axis=0)) + tf.reduce_mean(bias)
        return nll + smoothing * (label_logit - mean_logit), nll
