"""Greedy search, with steppers that need no training."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from search.test_beam import LONGEST, Speller, TableStepper, run, without_padding

from mtlite.data.ids import EOS
from mtlite.search.greedy import greedy


def test_greedy_spells_words_of_different_lengths():
    words = [[4, 5, 6], [6], [], [5, 5, 5, 4, 6]]
    speller: Any = Speller(words)
    found = greedy(speller, tf.fill([4, 1], EOS), tf.fill([4], 10))
    assert [without_padding(ids[0]) for ids in found.ids.numpy()] == [[*word, EOS] for word in words]
    expected = [np.log(0.93) * (len(word) + 1) for word in words]
    np.testing.assert_allclose(found.scores.numpy()[:, 0], expected, rtol=1e-5)


def test_beam_of_one_is_greedy():
    stepper: Any = TableStepper(50, seed=4)
    limits = [1 + sentence % LONGEST for sentence in range(50)]
    beam = run(stepper, limits, 1, 0.0)
    single = greedy(stepper, tf.fill([50, 2], EOS), tf.constant(limits))
    np.testing.assert_array_equal(beam.ids, single.ids.numpy())
    np.testing.assert_allclose(beam.scores, single.scores.numpy(), rtol=1e-5)
    np.testing.assert_array_equal(beam.attention, single.attention.numpy())
