"""The narrow kernel against TensorFlow's on the whole vocabulary; against every path: see the tests of `ctc`."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from mtlite.layers.ctc_loss import ctc_loss

VOCABULARY, LENGTH = 40, 9
LABELS = np.array([[7, 7, 5, 7], [3, 9, 0, 0], [11, 0, 0, 0], [39, 1, 39, 39]], np.int32)
POSITIONS = np.array([5, 9, 1, 6], np.int32)


def whole_vocabulary(logits: tf.Tensor) -> tf.Tensor:
    return tf.nn.ctc_loss(tf.sparse.from_dense(LABELS), logits, None, POSITIONS, logits_time_major=False, blank_index=0)


@pytest.mark.parametrize("spread", [1.0, 15.0])
def test_values_and_gradients_are_those_of_the_whole_vocabulary(spread: float) -> None:
    logits = tf.constant(spread * np.random.default_rng(1).normal(size=[4, LENGTH, VOCABULARY]), tf.float32)
    upstream = tf.constant([1.0, -0.5, 2.0, 0.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        ours, theirs = ctc_loss(logits, LABELS, POSITIONS), whole_vocabulary(logits)
        sums = [tf.reduce_sum(upstream * loss) for loss in (ours, theirs)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    gradient, expected = (tape.gradient(total, logits) for total in sums)
    np.testing.assert_allclose(gradient, expected, atol=1e-4)
    assert not np.any(gradient[0, 5:])  # positions that do not count
    assert not np.any(gradient[3])


def test_certain_paths_have_no_loss_and_no_gradient() -> None:
    path = [7, 0, 7, 5, 7, 0]
    logits = tf.constant(50.0 * np.eye(VOCABULARY)[path][None], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = ctc_loss(logits, LABELS[:1], np.array([6], np.int32))
    np.testing.assert_allclose(loss, [0.0], atol=1e-5)
    np.testing.assert_allclose(tape.gradient(loss, logits), np.zeros_like(logits), atol=1e-5)
