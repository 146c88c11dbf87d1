"""Ids to vectors, with dropout of numbers and of words."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from mtlite.layers.dropout import dropout_seed
from mtlite.layers.embedding import Embedding

IDS = np.arange(40).reshape(4, 10)


def test_rows_of_the_table_about_one_long() -> None:
    embedding = Embedding(40, 256)
    vectors = embedding(IDS)
    np.testing.assert_array_equal(vectors[1, 3], embedding.table.value[13])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1.0, atol=0.2)
    assert Embedding(40, 256, precision="bfloat16")(IDS).dtype == tf.bfloat16


def test_word_dropout_takes_whole_words() -> None:
    with dropout_seed(tf.constant([1, 2])):
        words = Embedding(40, 16, word_dropout=0.5)(IDS).numpy()
        numbers = Embedding(40, 16, dropout=0.5)(IDS).numpy()
    gone = (words == 0).all(axis=-1)
    assert 5 < gone.sum() < 35
    assert (words[~gone] != 0).all()
    assert not (numbers == 0).all(axis=-1).any()
    assert 0.3 < (numbers == 0).mean() < 0.7
