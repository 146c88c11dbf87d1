"""A loss that asks two passes with other dropout for the same answer (R-Drop: Liang et al. 2021)."""

from __future__ import annotations

import tensorflow as tf


def consistent_cross_entropy(
    logits: tf.Tensor, labels: tf.Tensor, smoothing: float, weight: float
) -> tuple[tf.Tensor, tf.Tensor]:
    """Cross-entropy of two passes, and how far their distributions are from each other.

    Args:
        logits: `[2 · positions, vocabulary]` float32: those of the first pass, then those of the second.
        labels: `[positions]`, the same for both.
        smoothing: share of the probability that is spread over the vocabulary.
        weight: alpha of the paper. A quarter of it, times the sum of both Kullback-Leibler divergences, is added to the
            mean of both cross-entropies.

    Returns:
        The loss, and −log p of the labels without a gradient, mean of both passes; both `[positions]` float32.
    """
    log_p = tf.nn.log_softmax(logits)
    nll = -tf.gather(log_p, tf.tile(tf.cast(labels, tf.int32), [2]), batch_dims=1)
    entropies = (1 - smoothing) * nll - smoothing * tf.reduce_mean(log_p, axis=-1)
    first, second = tf.split(log_p, 2)
    divergence = tf.reduce_sum((tf.exp(first) - tf.exp(second)) * (first - second), axis=-1)

    def mean(values: tf.Tensor) -> tf.Tensor:
        return tf.add_n(tf.split(values, 2)) / 2

    return mean(entropies) + weight / 4 * divergence, tf.stop_gradient(mean(nll))
