from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtlite.errors import RunError
from mtlite.training.optimizer import BETA_1, BETA_2, EPSILON, Adam

SHAPES = [(3, 4), (5,), (1, 1)]
UPDATES = 6


def make_weights():
    draw = np.random.default_rng(1)
    return [
        keras.Variable(draw.normal(size=shape).astype(np.float32), name=f"w{number}")
        for number, shape in enumerate(SHAPES)
    ]


def gradients_of(update):
    draw = np.random.default_rng(update)
    return [draw.normal(size=shape).astype(np.float32) * 10.0**-number for number, shape in enumerate(SHAPES)]


def run(optimizer, updates, scale=1.0, rate=0.01):
    """Apply the gradients of some updates; the norms."""
    return [
        float(
            optimizer.apply(
                [tf.constant(gradient) for gradient in gradients_of(update)],
                tf.constant(scale),
                tf.constant(rate),
                tf.constant(float(update)),
            )
        )
        for update in updates
    ]


def values(weights):
    return [weight.numpy() for weight in weights]


def assert_close(found, expected, tolerance=1e-6):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance, rtol=tolerance)


def test_equal_to_keras():
    ours, theirs = make_weights(), make_weights()
    reference = keras.optimizers.Adam(0.01, beta_1=BETA_1, beta_2=BETA_2, epsilon=EPSILON)
    run(Adam(ours, 0.0, 0.0), range(1, UPDATES))
    for update in range(1, UPDATES):
        reference.apply(gradients_of(update), theirs)
    assert_close(values(ours), values(theirs))


def test_equal_to_the_paper():
    """Kingma & Ba (2015), end of section 2: the order of computation that puts epsilon outside the bias correction."""
    weights = make_weights()
    expected = [weight.astype(np.float64) for weight in values(weights)]
    first, second = ([np.zeros(shape) for shape in SHAPES] for _ in range(2))
    run(Adam(weights, 0.0, 0.0), range(1, UPDATES), scale=0.5)
    for update in range(1, UPDATES):
        rate = 0.01 * np.sqrt(1 - BETA_2**update) / (1 - BETA_1**update)
        for number, gradient in enumerate(gradients_of(update)):
            first[number] = BETA_1 * first[number] + (1 - BETA_1) * 0.5 * gradient
            second[number] = BETA_2 * second[number] + (1 - BETA_2) * (0.5 * gradient) ** 2
            expected[number] -= rate * first[number] / (np.sqrt(second[number]) + EPSILON)
    assert_close(values(weights), expected)


def test_gradients_are_clipped_together():
    gradients = gradients_of(1)
    norm = float(np.sqrt(sum(np.square(gradient).sum() for gradient in gradients))) * 2.0
    for limit in (norm / 3, norm * 3):
        optimizer = Adam(make_weights(), limit, 0.0)
        assert run(optimizer, [1], scale=2.0) == [pytest.approx(norm, rel=1e-6)]
        factor = 2.0 * min(1.0, limit / norm)
        expected = [(1 - BETA_1) * factor * gradient for gradient in gradients]
        assert_close([variable.numpy() for variable in optimizer.first], expected)


def test_gradients_of_zero_change_nothing():
    weights = make_weights()
    before = values(weights)
    zeros = [tf.zeros(shape) for shape in SHAPES]
    norm = Adam(weights, 1.0, 0.0).apply(zeros, tf.constant(1.0), tf.constant(0.1), tf.constant(1.0))
    assert float(norm) == 0.0
    assert_close(values(weights), before, 0.0)


def test_the_moving_average():
    weights = make_weights()
    optimizer = Adam(weights, 0.0, 0.9)
    expected = values(weights)
    for update in range(1, 100):
        run(optimizer, [update])
        keep = min(0.9, (1 + update) / (10 + update))
        expected = [keep * old + (1 - keep) * new for old, new in zip(expected, values(weights), strict=True)]
    assert_close([variable.numpy() for variable in optimizer.average], expected, 1e-5)


def test_swapping_twice_is_the_identity():
    weights = make_weights()
    optimizer = Adam(weights, 0.0, 0.9)
    run(optimizer, range(1, 4))
    before, averages = values(weights), [variable.numpy() for variable in optimizer.average]
    assert any((a != b).any() for a, b in zip(before, averages, strict=True))
    optimizer.swap()
    assert_close(values(weights), averages, 0.0)
    optimizer.swap()
    assert_close(values(weights), before, 0.0)
    assert_close([variable.numpy() for variable in optimizer.average], averages, 0.0)


def test_without_an_average_swapping_does_nothing():
    weights = make_weights()
    before = values(weights)
    Adam(weights, 0.0, 0.0).swap()
    assert_close(values(weights), before, 0.0)


@pytest.mark.parametrize("average", [0.0, 0.9])
def test_a_loaded_state_goes_on_bit_for_bit(average):
    undisturbed, resumed = make_weights(), make_weights()
    first = Adam(undisturbed, 1.0, average)
    run(first, range(1, 4))
    state, weights = first.state(), values(undisturbed)
    run(first, range(4, UPDATES))
    second = Adam(resumed, 1.0, average)
    for weight, array in zip(resumed, weights, strict=True):
        weight.assign(array)
    second.load(state, Path("run"))
    run(second, range(4, UPDATES))
    assert_close(values(resumed), values(undisturbed), 0.0)
    assert first.state().keys() == second.state().keys()
    assert_close(second.state().values(), first.state().values(), 0.0)


def test_a_state_of_another_shape_is_refused():
    optimizer = Adam(make_weights(), 1.0, 0.9)
    state = optimizer.state()
    name = next(iter(state))
    for wrong in (np.zeros((7, 7), np.float32), state[name].astype(np.float64)):
        with pytest.raises(RunError, match=rf"run: expected {name} as float32 \(3, 4\), received {wrong.dtype}"):
            optimizer.load({**state, name: wrong}, Path("run"))
    with pytest.raises(RunError, match="received nothing"):
        optimizer.load({}, Path("run"))
