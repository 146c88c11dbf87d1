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

    The forward pass keeps the gradient of the logits in place of the logits. What the chain rule multiplies it by is a
    number for each position, and so can wait for the products of the backward pass.

    Args:
        x: `[positions, size]`, float32 or bfloat16: the number format of all products.
        weights: `[vocabulary, size]` float32.
        bias: `[vocabulary]` float32.
        labels: `[positions]`.
        smoothing: share of the probability that is spread over the vocabulary.

    Returns:
        The smoothed loss, and −log p of the labels without a gradient; `[positions]` float32 both.
    """
    labels = tf.cast(labels, tf.int32)

    @tf.custom_gradient
    def run(x: tf.Tensor, weights: tf.Tensor, bias: tf.Tensor) -> Any:
        vocabulary, kind = weights.shape[0], x.dtype
        at_once = _POSITIONS * max(1, _LOGITS_AT_ONCE // (_POSITIONS * vocabulary))
        weights = tf.cast(weights, kind)
        transposed = tf.transpose(weights)
        positions = tf.shape(x)[0]
        steps = tf.maximum(1, (positions + at_once - 1) // at_once)  # no positions: one empty part

        def some(step: tf.Tensor, *kept: tf.TensorArray) -> Any:
            rows = slice(step * at_once, tf.minimum((step + 1) * at_once, positions))
            logits = tf.nn.bias_add(tf.cast(tf.matmul(x[rows], transposed), tf.float32), bias)
            places = tf.stack([tf.range(tf.shape(logits)[0]), labels[rows]], axis=1)
            softmax = tf.nn.softmax(logits)
            # The largest probability is at least 1 / vocabulary, so that its logarithm is as exact as any.
            of_label = tf.gather_nd(logits, places)
            nll = tf.reduce_max(logits, axis=-1) - of_label - tf.math.log(tf.reduce_max(softmax, axis=-1))
            total, d_logits = nll, softmax
            if smoothing:
                total += smoothing * (of_label - tf.reduce_mean(logits, axis=-1))
                d_logits -= smoothing / vocabulary
            d_logits = tf.tensor_scatter_nd_sub(d_logits, places, tf.fill(tf.shape(nll), 1.0 - smoothing))
            values = total, nll, tf.cast(d_logits, kind)
            return step + 1, *(array.write(step, value) for array, value in zip(kept, values, strict=True))

        arrays = [
            tf.TensorArray(dtype, size=steps, infer_shape=False, element_shape=shape)
            for dtype, shape in ((tf.float32, [None]), (tf.float32, [None]), (kind, [None, vocabulary]))
        ]
        _, *kept = tf.while_loop(lambda step, *_: step < steps, some, (tf.constant(0), *arrays), parallel_iterations=1)
        total, nll, d_logits = (array.concat() for array in kept)

        def gradient(d_total: tf.Tensor, _: tf.Tensor) -> Any:
            each = d_total[:, None]
            d_x = tf.cast(tf.matmul(d_logits, weights), tf.float32) * each
            scaled = tf.cast(tf.cast(x, tf.float32) * each, kind)
            d_weights = tf.matmul(d_logits, scaled, transpose_a=True)
            d_bias = tf.matmul(tf.cast(d_total, kind)[None], d_logits)[0]
            return tf.cast(d_x, kind), tf.cast(d_weights, tf.float32), tf.cast(d_bias, tf.float32)

        return (total, nll), gradient

    total, nll = run(x, weights, bias)
    return total, tf.stop_gradient(nll)
