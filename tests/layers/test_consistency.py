"""Two passes with other dropout are to agree."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import log_softmax, rel_entr

from mtlite.layers.consistency import consistent_cross_entropy

LABELS = np.array([2, 0, 1])
LOGITS = np.random.default_rng(1).normal(size=(6, 4)).astype(np.float32)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weight", [1.0, 5.0])
def test_it_is_the_mean_of_both_entropies_and_a_quarter_of_both_divergences(smoothing: float, weight: float) -> None:
    total, nll = consistent_cross_entropy(tf.constant(LOGITS), tf.constant(LABELS), smoothing, weight)
    log_p = log_softmax(LOGITS.astype(float), axis=1)
    right = -log_p[np.arange(6), np.tile(LABELS, 2)]
    entropies = (1 - smoothing) * right + smoothing * -log_p.mean(axis=1)
    p, q = np.exp(log_p[:3]), np.exp(log_p[3:])
    divergences = (rel_entr(p, q) + rel_entr(q, p)).sum(axis=1)
    np.testing.assert_allclose(nll, (right[:3] + right[3:]) / 2, rtol=1e-5)
    np.testing.assert_allclose(total, (entropies[:3] + entropies[3:]) / 2 + weight / 4 * divergences, rtol=1e-5)


def test_two_equal_passes_cost_what_one_does() -> None:
    twice = tf.concat([LOGITS[:3]] * 2, axis=0)
    total, nll = consistent_cross_entropy(twice, tf.constant(LABELS), 0.0, 5.0)
    np.testing.assert_allclose(total, nll, rtol=1e-6)
    np.testing.assert_allclose(nll, -log_softmax(LOGITS[:3], axis=1)[np.arange(3), LABELS], rtol=1e-5)


def test_the_divergence_has_gradients_on_both_sides_and_nll_has_none() -> None:
    logits = tf.Variable(LOGITS)
    with tf.GradientTape(persistent=True) as tape:
        total, nll = consistent_cross_entropy(logits, tf.constant(LABELS), 0.0, 100.0)
    assert np.abs(tape.gradient(total, logits)).min() > 0
    assert tape.gradient(nll, logits) is None
