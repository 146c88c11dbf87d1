from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtlite.layers.attention import KINDS, AttentionLayer

UNITS = 6
MASK = np.array([[True, True, True], [True, False, False]])


def look_back(
    kind: str, random: np.random.Generator
) -> tuple[AttentionLayer, np.ndarray, np.ndarray, list[np.ndarray]]:
    keras.utils.set_random_seed(1)
    layer = AttentionLayer(kind, UNITS)
    layer.build()
    queries = random.normal(size=(2, 4, UNITS)).astype(np.float32)
    values = random.normal(size=(2, 3, UNITS)).astype(np.float32)
    found = layer(queries, layer.keys(tf.constant(values)), values, MASK)
    return layer, queries, values, [part.numpy() for part in found]


@pytest.mark.parametrize("kind", KINDS)
def test_weights_and_context(kind: str, random: np.random.Generator) -> None:
    layer, queries, values, (context, weights) = look_back(kind, random)
    scores = np.zeros((2, 4, 3))
    for row, at, position in np.ndindex(2, 4, 3):
        query, value = queries[row, at], values[row, position]
        if kind == "dot":
            score = query @ value
        elif kind == "general":
            score = query @ (value @ layer.key_kernel.numpy())
        else:
            joined = np.tanh(query @ layer.query_kernel.numpy() + value @ layer.key_kernel.numpy())
            score = joined @ layer.scale.numpy()
        scores[row, at, position] = np.exp(score / np.sqrt(UNITS)) if MASK[row, position] else 0.0
    expected = scores / scores.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(weights, expected, atol=1e-5)
    np.testing.assert_allclose(context, expected @ values, atol=1e-5)
    assert np.all(weights[1, :, 1:] == 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_config(kind: str) -> None:
    again = AttentionLayer.from_config(AttentionLayer(kind, UNITS).get_config())
    assert (again.kind, again.units) == (kind, UNITS)


def test_unknown_kind() -> None:
    with pytest.raises(ValueError, match=r"Expected attention to be one of dot, general, additive. Received: sharp"):
        AttentionLayer("sharp", UNITS)
