from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtlite.layers.dropout import dropout_seed
from mtlite.layers.stack import DenseStack, LSTMStack

UNITS = 6
MASK = np.array([[True] * 5, [True, True, False, False, False]])
SEED = tf.constant([1, 2])


@pytest.fixture
def x(random: np.random.Generator) -> tf.Tensor:
    return tf.constant(random.normal(size=(2, 5, 4)), tf.float32)


def keras_layer(size: int, weights: list[np.ndarray], **kwargs: bool) -> keras.layers.LSTM:
    layer = keras.layers.LSTM(size, return_sequences=True, return_state=True, **kwargs)
    layer.build((None, None, weights[0].shape[0]))
    layer.set_weights(weights)
    return layer


def test_layers_on_top_of_each_other(x: tf.Tensor) -> None:
    stack = LSTMStack(UNITS, layers=2)
    outputs, last = stack(x, mask=MASK)
    expected: tf.Tensor = x
    for lstms, (h, c) in zip(stack.lstms, last, strict=True):
        expected, *state = keras_layer(UNITS, lstms[0].get_weights())(expected, mask=MASK)
        np.testing.assert_allclose(h, state[0], atol=1e-6)
        np.testing.assert_allclose(c, state[1], atol=1e-6)
    np.testing.assert_allclose(outputs[MASK], expected[MASK], atol=1e-6)


def test_two_directions_are_joined(x: tf.Tensor) -> None:
    stack = LSTMStack(UNITS, bidirectional=True)
    outputs, [[h, c]] = stack(x, mask=MASK)
    forwards, backwards = (lstm.get_weights() for lstm in stack.lstms[0])
    ahead, *state = keras_layer(UNITS // 2, forwards)(x, mask=MASK)
    back, *other = keras_layer(UNITS // 2, backwards, go_backwards=True)(x, mask=MASK)
    joined = np.concatenate([ahead, back[:, ::-1]], axis=-1)
    np.testing.assert_allclose(outputs[MASK], joined[MASK], atol=1e-6)
    np.testing.assert_allclose(h, np.concatenate([state[0], other[0]], axis=-1), atol=1e-6)
    np.testing.assert_allclose(c, np.concatenate([state[1], other[1]], axis=-1), atol=1e-6)


def test_a_state_can_be_gone_on_from(x: tf.Tensor) -> None:
    stack = LSTMStack(UNITS, layers=2, layer_normalization=True)
    whole, last = stack(x)
    first, state = stack(x[:, :2])
    second, again = stack(x[:, 2:], state=state)
    np.testing.assert_allclose(tf.concat([first, second], axis=1), whole, atol=1e-6)
    for ours, theirs in zip(tf.nest.flatten(again), tf.nest.flatten(last), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_residual_normalisation_and_dropout_follow_each_layer(x: tf.Tensor) -> None:
    plain = LSTMStack(4)
    outputs, _ = plain(x)
    full = LSTMStack(4, residual=True, layer_normalization=True, dropout=0.5)
    full(x)
    full.lstms[0][0].set_weights(plain.lstms[0][0].get_weights())
    both = (outputs + x).numpy()
    normed = (both - both.mean(-1, keepdims=True)) / np.sqrt(both.var(-1, keepdims=True) + 1e-3)
    np.testing.assert_allclose(full(x)[0], normed, atol=1e-5)
    with dropout_seed(SEED):
        dropped = full(x)[0].numpy()
    kept = dropped != 0
    assert 0.2 < kept.mean() < 0.8
    np.testing.assert_allclose(dropped[kept], 2 * normed[kept], atol=1e-5)


def test_where_sizes_differ_there_is_no_residual(x: tf.Tensor) -> None:
    plain, residual = LSTMStack(UNITS), LSTMStack(UNITS, residual=True)
    plain(x), residual(x)
    residual.set_weights(plain.get_weights())
    np.testing.assert_array_equal(residual(x)[0], plain(x)[0])


def test_dense_stack_has_no_recurrence(x: tf.Tensor) -> None:
    stack = DenseStack(UNITS, layers=2)
    outputs = stack(x)
    first, second = (dense.get_weights() for dense in stack.denses)
    expected = np.tanh(np.tanh(x.numpy() @ first[0] + first[1]) @ second[0] + second[1])
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


@pytest.mark.parametrize("cls", [LSTMStack, DenseStack])
@pytest.mark.parametrize("layer_normalization", [True, False])
def test_bfloat16_goes_in_and_comes_out(cls: type, layer_normalization: bool, x: tf.Tensor) -> None:
    stack = cls(UNITS, precision="bfloat16", layer_normalization=layer_normalization)
    given = stack(tf.cast(x, tf.bfloat16))
    outputs = given[0] if cls is LSTMStack else given
    assert outputs.dtype == tf.bfloat16
    assert all(weight.dtype == "float32" for weight in stack.weights)
    if cls is LSTMStack:
        assert all(part.dtype == tf.float32 for part in tf.nest.flatten(given[1]))
