from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from mtlite.layers.dropout import Dropout

SEED = tf.constant([3, 4])


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 0.9])
def test_share_and_scale(rate: float) -> None:
    dropped = Dropout(rate)(tf.ones([100, 1003]), noise=SEED).numpy()
    assert np.mean(dropped == 0) == pytest.approx(rate, abs=0.005)
    kept = dropped[dropped != 0]
    assert np.all(kept == kept[0])
    assert kept[0] == pytest.approx(1 / (1 - rate), rel=0.02)  # the rate is a multiple of 1/256
    assert dropped.mean() == pytest.approx(1.0, abs=0.05)


def test_is_a_function_of_seed_and_name() -> None:
    x = tf.ones([5, 7])
    first = Dropout(0.5, name="first")
    np.testing.assert_array_equal(first(x, noise=SEED), Dropout(0.5, name="first")(x, noise=SEED))
    assert np.any(first(x, noise=SEED) != first(x, noise=SEED + 1))
    assert np.any(first(x, noise=SEED) != Dropout(0.5, name="second")(x, noise=SEED))


def test_without_a_seed_or_a_rate_nothing_happens() -> None:
    x = tf.random.stateless_normal([2, 3], seed=[1, 2])
    np.testing.assert_array_equal(Dropout(0.5)(x), x)
    np.testing.assert_array_equal(Dropout(0.0)(x, noise=SEED), x)


def test_whole_positions() -> None:
    dropped = Dropout(0.5, whole_positions=True)(tf.ones([20, 10, 3]), noise=SEED).numpy()
    assert {tuple(sorted(set(position))) for position in dropped.reshape(-1, 3).tolist()} == {(0.0,), (2.0,)}


def test_the_highest_rate_gives_finite_numbers() -> None:
    dropped = Dropout(0.999)(tf.ones([64, 64]), noise=SEED).numpy()
    assert np.all(np.isfinite(dropped))
    assert np.any(dropped)


def test_the_gradient_goes_where_numbers_were_kept() -> None:
    x = tf.ones([4, 50])
    layer = Dropout(0.5)
    with tf.GradientTape() as tape:
        tape.watch(x)
        dropped = layer(x, noise=SEED)
    np.testing.assert_array_equal(tape.gradient(dropped, x), dropped)


def test_config() -> None:
    layer = Dropout.from_config(Dropout(0.3, whole_positions=True, name="words").get_config())
    assert (layer.rate, layer.whole_positions, layer.name) == (0.3, True, "words")
