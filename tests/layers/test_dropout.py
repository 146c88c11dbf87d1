from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from mtlite.layers.dropout import another_dropout_seed, dropout, dropout_seed

SEED = tf.constant([3, 4])


def dropped(x: tf.Tensor, rate: float, name: str = "here", seed: tf.Tensor = SEED, whole: bool = False) -> np.ndarray:
    with dropout_seed(seed):
        return np.asarray(dropout(x, rate, name, whole))


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 0.9])
def test_share_and_scale(rate: float) -> None:
    found = dropped(tf.ones([100, 1003]), rate)
    assert np.mean(found == 0) == pytest.approx(rate, abs=0.005)
    kept = found[found != 0]
    assert np.all(kept == kept[0])
    assert kept[0] == pytest.approx(1 / (1 - rate), rel=0.02)  # the rate is a multiple of 1/256
    assert found.mean() == pytest.approx(1.0, abs=0.05)


def test_is_a_function_of_seed_and_name() -> None:
    x = tf.ones([5, 7])
    first = dropped(x, 0.5, "first")
    np.testing.assert_array_equal(first, dropped(x, 0.5, "first"))
    assert np.any(first != dropped(x, 0.5, "first", SEED + 1))
    assert np.any(first != dropped(x, 0.5, "second"))


def test_without_a_seed_or_a_rate_nothing_happens() -> None:
    x = tf.random.stateless_normal([2, 3], seed=[1, 2])
    np.testing.assert_array_equal(dropout(x, 0.5, "here"), x)
    np.testing.assert_array_equal(dropped(x, 0.0), x)
    with dropout_seed(SEED), dropout_seed(None):
        np.testing.assert_array_equal(dropout(x, 0.5, "here"), x)


def test_a_seed_holds_inside_its_scope() -> None:
    x = tf.ones([5, 7])
    with dropout_seed(SEED):
        before = dropout(x, 0.5, "here")
        with another_dropout_seed(1):
            assert np.any(dropout(x, 0.5, "here") != before)
        np.testing.assert_array_equal(dropout(x, 0.5, "here"), before)
    with another_dropout_seed(1):
        np.testing.assert_array_equal(dropout(x, 0.5, "here"), x)


def test_whole_positions() -> None:
    found = dropped(tf.ones([20, 10, 3]), 0.5, whole=True)
    assert {tuple(sorted(set(position))) for position in found.reshape(-1, 3).tolist()} == {(0.0,), (2.0,)}


def test_the_highest_rate_gives_finite_numbers() -> None:
    found = dropped(tf.ones([64, 64]), 0.999)
    assert np.all(np.isfinite(found))
    assert np.any(found)


def test_the_gradient_goes_where_numbers_were_kept() -> None:
    x = tf.ones([4, 50])
    with tf.GradientTape() as tape, dropout_seed(SEED):
        tape.watch(x)
        found = dropout(x, 0.5, "here")
    np.testing.assert_array_equal(tape.gradient(found, x), found)
