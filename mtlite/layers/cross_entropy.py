"""The loss of the output words, a few positions at a time."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

_LOGITS_AT_ONCE = 3 << 18
"""3 MB, which a processor keeps in its cache. It cannot keep all of a batch: every pass would read memory."""
_POSITIONS = 64
"""Positions are taken in multiples of this: a product of fewer rows spends its time on the weights."""


def cross_entropy(
    x: tf.Tensor, weights: tf.Tensor, bias: tf.Tensor, labels: tf.Tensor, smoothing: float = 0.0
) -> tuple[tf.Tensor, tf.Tensor]:
    """Cross-entropy of softmax(x · weightsᵀ + bias), with and without label smoothing (Szegedy et al. 2016).

    The forward pass keeps the gradient of the logits instead of the logits. What the chain rule multiplies it by is a
    number for each position, and so can wait for the products of the backward pass.

    Args:
        x: `[positions, size]`, float32 or bfloat16: the dtype of all products.
        weights: `[vocabulary, size]` float32; `bias` is `[vocabulary]` float32, `labels` `[positions]`.
        smoothing: share of the probability that is spread over the vocabulary.

    Returns:
        The smoothed loss, and −log p of the labels without a gradient; both `[positions]` float32.
    """
    labels = tf.cast(labels, tf.int32)

    @tf.custom_gradient
    def run(x: tf.Tensor, weights: tf.Tensor, bias: tf.Tensor) -> Any:
        weights = tf.cast(weights, x.dtype)
        total, nll, d_logits = _in_parts(x, weights, bias, labels, smoothing)

        def gradient(d_total: tf.Tensor, _: tf.Tensor) -> Any:
            dtype, each = x.dtype, d_total[:, None]
            d_x = tf.cast(tf.matmul(d_logits, weights), tf.float32) * each
            scaled = tf.cast(tf.cast(x, tf.float32) * each, dtype)
            d_weights = tf.matmul(d_logits, scaled, transpose_a=True)
            d_bias = tf.matmul(tf.cast(d_total, dtype)[None], d_logits)[0]
            return tf.cast(d_x, dtype), tf.cast(d_weights, tf.float32), tf.cast(d_bias, tf.float32)

        return (total, nll), gradient

    total, nll = run(x, weights, bias)
    return total, tf.stop_gradient(nll)


def _in_parts(
    x: tf.Tensor, weights: tf.Tensor, bias: tf.Tensor, labels: tf.Tensor, smoothing: float
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Smoothed loss, −log p `[positions]` and the gradient of the logits `[positions, vocabulary]`, part by part."""
    vocabulary, dtype = weights.shape[0], x.dtype
    at_once = _POSITIONS * max(1, _LOGITS_AT_ONCE // (_POSITIONS * vocabulary))
    transposed = tf.transpose(weights)
    positions = tf.shape(x)[0]
    steps = tf.maximum(1, (positions + at_once - 1) // at_once)  # no positions: one empty part

    def part(step: tf.Tensor, *arrays: tf.TensorArray) -> Any:
        rows = slice(step * at_once, tf.minimum((step + 1) * at_once, positions))
        logits = tf.nn.bias_add(tf.cast(tf.matmul(x[rows], transposed), tf.float32), bias)
        total, nll, d_logits = _loss_and_gradient(logits, labels[rows], smoothing)
        values = total, nll, tf.cast(d_logits, dtype)
        return step + 1, *(array.write(step, value) for array, value in zip(arrays, values, strict=True))

    arrays = [
        tf.TensorArray(each, size=steps, infer_shape=False, element_shape=shape)
        for each, shape in ((tf.float32, [None]), (tf.float32, [None]), (dtype, [None, vocabulary]))
    ]
    _, *arrays = tf.while_loop(lambda step, *_: step < steps, part, (tf.constant(0), *arrays), parallel_iterations=1)
    total, nll, d_logits = (array.concat() for array in arrays)
    return total, nll, d_logits


def _loss_and_gradient(
    logits: tf.Tensor, labels: tf.Tensor, smoothing: float
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Smoothed loss, −log p `[positions]` and the gradient of the logits `[positions, vocabulary]`."""
    at_labels = tf.stack([tf.range(tf.shape(logits)[0]), labels], axis=1)
    softmax = tf.nn.softmax(logits)
    # The largest probability is at least 1 / vocabulary, so that its logarithm is as exact as any.
    of_label = tf.gather_nd(logits, at_labels)
    nll = tf.reduce_max(logits, axis=-1) - of_label - tf.math.log(tf.reduce_max(softmax, axis=-1))
    total, d_logits = nll, softmax
    if smoothing:
        total += smoothing * (of_label - tf.reduce_mean(logits, axis=-1))
        d_logits -= smoothing / logits.shape[-1]
    d_logits = tf.tensor_scatter_nd_sub(d_logits, at_labels, tf.fill(tf.shape(nll), 1.0 - smoothing))
    return total, nll, d_logits
