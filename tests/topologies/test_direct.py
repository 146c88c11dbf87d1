"""Where the direct topologies write."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from small_models import build

from mtlite.config.length_rules import LengthRule, LengthRules
from mtlite.data.ids import EOS, PAD
from mtlite.topologies.direct import copies, followed_by_blanks, window

SOURCE = np.array([[5, 6, 7, 8, EOS], [9, EOS, PAD, PAD, PAD]])
ANY = np.array([[EOS], [EOS]])


def test_blanks_start_where_each_row_ends() -> None:
    vectors = np.arange(1.0, 13.0, dtype=np.float32).reshape(2, 3, 2)
    longer = followed_by_blanks(tf.constant(vectors), tf.constant([3, 1]), tf.constant([5, 4])).numpy()
    assert longer.shape == (2, 5, 2)
    np.testing.assert_array_equal(longer[0, :3], vectors[0])
    np.testing.assert_array_equal(longer[1, :1], vectors[1, :1])
    assert not longer[0, 3:].any()
    assert not longer[1, 1:].any()
    # Enough room already: nothing is cut.
    assert followed_by_blanks(tf.constant(vectors), tf.constant([2, 1]), tf.constant([2, 1])).shape == (2, 3, 2)


def test_window_starts_at_each_row() -> None:
    outputs = tf.reshape(tf.range(10), [2, 5, 1])
    found = window(outputs, tf.constant([2, 0]), tf.constant([2, 3]))[..., 0].numpy()
    assert found.shape == (2, 3)
    assert found[0, :2].tolist() == [2, 3]
    assert found[1].tolist() == [5, 6, 7]


def test_copies() -> None:
    repeated = copies(tf.constant([[1, 2], [3, 4]]), tf.constant([2, 3])).numpy()
    assert repeated.tolist() == [[[1, 2]] * 3, [[3, 4]] * 3]


@pytest.mark.parametrize("rule", [LengthRule(1.3, 0.75), LengthRule(0.35, -2.5), LengthRule(0.0, 4.0)])
def test_positions_are_those_of_the_rule(rule: LengthRule) -> None:
    model = build("padded", lengths=LengthRules(rule, rule, fixed=4, expansion=2))
    lengths = np.arange(1, 60)
    rows = np.where(np.arange(60) < lengths[:, None], 5, PAD)
    np.testing.assert_array_equal(model.positions(rows), rule(lengths))
    found = {
        name: build(name, lengths=LengthRules(rule, rule, fixed=4, expansion=2)).positions(SOURCE).numpy().tolist()
        for name in ("one-to-one", "aligned", "vector-dense", "ctc")
    }
    assert found == {"one-to-one": [5, 2], "aligned": [5, 2], "vector-dense": [4, 4], "ctc": [10, 4]}
