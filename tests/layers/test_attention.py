from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtlite.layers.attention import AttentionLayer

UNITS = 8
MASK = np.array([[True, True, True], [True, False, False]])


def look_back(
    score: str, random: np.random.Generator, heads: int = 1
) -> tuple[AttentionLayer, np.ndarray, np.ndarray, list[np.ndarray]]:
    keras.utils.set_random_seed(1)
    layer = AttentionLayer(score, UNITS, heads)
    layer.build()
    queries = random.normal(size=(2, 4, UNITS)).astype(np.float32)
    values = random.normal(size=(2, 3, UNITS)).astype(np.float32)
    found = layer(queries, layer.look_at(tf.constant(values), tf.constant(MASK)))
    return layer, queries, values, [part.numpy() for part in found]


@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("score", ["dot", "general", "additive"])
def test_weights_and_context(score: str, heads: int, random: np.random.Generator) -> None:
    layer, queries, values, (context, attention) = look_back(score, random, heads)
    asked, keys, scale = queries, values, np.ones(UNITS)
    if score != "dot":
        keys = values @ layer.key_kernel.numpy()
    if score == "additive":
        asked, scale = queries @ layer.query_kernel.numpy(), layer.scale.numpy()
    mean = np.zeros((2, 4, 3))
    for units in np.split(np.arange(UNITS), heads):
        scores = np.zeros((2, 4, 3))
        for row, at, position in np.ndindex(2, 4, 3):
            query, key = asked[row, at, units], keys[row, position, units]
            fit = np.tanh(query + key) @ scale[units] if score == "additive" else query @ key
            scores[row, at, position] = np.exp(fit / np.sqrt(len(units))) if MASK[row, position] else 0.0
        expected = scores / scores.sum(axis=-1, keepdims=True)
        mean += expected / heads
        np.testing.assert_allclose(context[..., units], expected @ values[..., units], atol=1e-5)
    np.testing.assert_allclose(attention, mean, atol=1e-5)
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
