"""Drawing tokens: which can come, and how often."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from mtlite.search.sampling import draw

P = np.array([0.05, 0.4, 0.25, 0.2, 0.1], np.float32)
EVENLY = (np.arange(10_000, dtype=np.float32) + 0.5) / 10_000


def shares(temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0, p: np.ndarray = P) -> np.ndarray:
    """How often each token comes for random numbers that lie evenly in [0, 1)."""
    log_p = tf.constant(np.tile(np.log(p), (len(EVENLY), 1)))
    return np.bincount(draw(log_p, tf.constant(EVENLY), temperature, top_k, top_p).numpy(), minlength=len(p)) / 10_000


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_shares_are_the_probabilities_at_that_temperature(temperature):
    expected = P ** (1 / temperature)
    np.testing.assert_allclose(shares(temperature), expected / expected.sum(), atol=2e-4)


def test_top_k_keeps_the_likeliest_and_their_proportions():
    np.testing.assert_allclose(shares(top_k=2), [0, 0.4 / 0.65, 0.25 / 0.65, 0, 0], atol=2e-4)


def test_top_k_beyond_the_vocabulary_is_everything():
    np.testing.assert_array_equal(shares(top_k=99), shares())


@pytest.mark.parametrize(("top_p", "kept"), [(1e-6, 1), (0.39, 1), (0.41, 2), (0.66, 3), (0.86, 4), (0.96, 5)])
def test_top_p_keeps_the_fewest_that_reach_it(top_p, kept):
    found = shares(top_p=top_p)
    likeliest = np.argsort(-P)[:kept]
    expected = np.zeros(5)
    expected[likeliest] = P[likeliest] / P[likeliest].sum()
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_what_is_impossible_is_never_drawn():
    with np.errstate(divide="ignore"):
        found = shares(p=np.array([0, 0.5, 0, 0.5, 0], np.float32))
    np.testing.assert_allclose(found, [0, 0.5, 0, 0.5, 0], atol=2e-4)


def test_the_ends_of_the_random_numbers_are_valid():
    log_p = tf.constant(np.log(np.tile(P, (2, 1))))
    ends = tf.constant([0.0, np.nextafter(1, 0, dtype=np.float32)])
    assert draw(log_p, ends, 1.0, 0, 1.0).numpy().tolist() == [1, 0]  # the likeliest and the least likely
