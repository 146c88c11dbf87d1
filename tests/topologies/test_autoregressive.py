"""Memories and states of any structure; both sides of a sentence drop numbers of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from small_models import build

from mtlite.data.ids import BOS, EOS
from mtlite.layers.dropout import another_dropout_seed, dropout_seed
from mtlite.topologies.autoregressive import repacked, tensors_of


def test_tensors_of_any_structure() -> None:
    structure: Any = {"b": (None, 1), "a": [2, (3,)], "c": None}
    assert tensors_of(structure) == [2, 3, 1]
    assert repacked(structure, [5, 6, 7]) == {"b": (None, 7), "a": [5, (6,)], "c": None}
    assert tensors_of(None) == []
    assert repacked(None, []) is None


def test_a_vector_of_a_sentence_stands_at_each_of_its_tokens() -> None:
    vectors = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    found = build("peek").at_each(tf.zeros([4, 3], tf.int32), vectors).numpy()
    np.testing.assert_array_equal(found, np.repeat(vectors.numpy(), 2, axis=0)[:, None].repeat(3, axis=1))


def test_the_decoder_has_a_dropout_seed_of_its_own() -> None:
    model = build("encoder-decoder", word_dropout=0.5)
    source, target = np.array([[5, 6, 7, EOS]]), np.array([[8, 9, EOS]])
    with dropout_seed(tf.constant([1, 2])):
        features = model.features(source, target)
        memory, state = model.read(source)
        with another_dropout_seed(1):
            expected = model.decode(np.array([[BOS, 8, 9]]), state, memory).features
        other = model.decode(np.array([[BOS, 8, 9]]), state, memory).features
    np.testing.assert_array_equal(features, expected)
    assert np.abs(features - other).max() > 1e-4
