"""Finished sentences leave the batch, and their rows come back as zeros."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from mtlite.search.finished import in_full, without_finished


@pytest.mark.parametrize(
    ("going", "kept"), [([1, 0, 1, 0], [0, 2]), ([1, 1, 1, 0], [0, 1, 2]), ([1, 1, 1, 1], [0, 1, 2, 3])]
)
def test_rows_leave_when_enough_have_finished(going: list[int], kept: list[int]) -> None:
    sentences, hypotheses = tf.range(4), [tf.range(8), {"state": tf.range(8)[:, None]}]
    found, (first, second) = without_finished(tf.constant(going) > 0, sentences, hypotheses, beam_size=2)
    assert found.numpy().tolist() == kept
    expected = [row for sentence in kept for row in (2 * sentence, 2 * sentence + 1)]
    assert first.numpy().tolist() == second["state"].numpy()[:, 0].tolist() == expected


def test_rows_of_the_whole_batch() -> None:
    found = in_full(tf.constant([[5, 6], [7, 8]]), tf.constant([3, 1]), tf.constant(4))
    np.testing.assert_array_equal(found, [[0, 0], [7, 8], [0, 0], [5, 6]])
