from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtlite.layers.attention import AttentionLayer

UNITS = 6
MASK = np.array([[True, True, True], [True, False, False]])


def look_back(
    score: str, random: np.random.Generator
) -> tuple[AttentionLayer, np.ndarray, np.ndarray, list[np.ndarray]]:
    keras.utils.set_random_seed(1)
    layer = AttentionLayer(score, UNITS)
    layer.build()
    queries = random.normal(size=(2, 4, UNITS)).astype(np.float32)
    values = random.normal(size=(2, 3, UNITS)).astype(np.float32)
    found = layer(queries, layer.look_at(tf.constant(values), tf.constant(MASK)))
    return layer, queries, values, [part.numpy() for part in found]


@pytest.mark.parametrize("score", ["dot", "general", "additive"])
def test_weights_and_context(score: str, random: np.random.Generator) -> None:
    layer, queries, values, (context, attention) = look_back(score, random)
    scores = np.zeros((2, 4, 3))
    for row, at, position in np.ndindex(2, 4, 3):
        query, value = queries[row, at], values[row, position]
        if score == "dot":
            fit = query @ value
        elif score == "general":
            fit = query @ (value @ layer.key_kernel.numpy())
        else:
            joined = np.tanh(query @ layer.query_kernel.numpy() + value @ layer.key_kernel.numpy())
            fit = joined @ layer.scale.numpy()
        scores[row, at, position] = np.exp(fit / np.sqrt(UNITS)) if MASK[row, position] else 0.0
    expected = scores / scores.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(attention, expected, atol=1e-5)
    np.testing.assert_allclose(context, expected @ values, atol=1e-5)
    assert np.all(attention[1, :, 1:] == 0.0)


def test_rows_of_a_sentence_look_back_together(random: np.random.Generator) -> None:
    layer, _, values, _ = look_back("general", random)
    looked_at = layer.look_at(tf.constant(values), tf.constant(MASK))
    beam = random.normal(size=(4, 4, UNITS)).astype(np.float32)  # two rows for each of two sentences
    context, attention = layer(beam, looked_at)
    for row in range(4):
        rows = beam[row % 2 :: 2]
        alone, other = layer(rows, looked_at)
        np.testing.assert_allclose(context[row], alone[row // 2], atol=1e-6)
        np.testing.assert_allclose(attention[row], other[row // 2], atol=1e-6)
