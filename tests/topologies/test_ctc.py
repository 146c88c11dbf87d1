"""The loss of `ctc` against the sum over every path."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
import tensorflow as tf
from small_models import build

from mtlite.data.ids import EOS, PAD
from mtlite.topologies.ctc import BLANK

VOCABULARY = 6
SOURCE = np.array([[4, EOS]])  # two positions, twice as many to write at


def output_of(path: tuple[int, ...]) -> list[int]:
    """Equal neighbours are one token; blanks are left out."""
    return [token for token, _ in itertools.groupby(path) if token != BLANK]


def paths_of(output: list[int], positions: int) -> Iterator[tuple[int, ...]]:
    return (path for path in itertools.product(range(VOCABULARY), repeat=positions) if output_of(path) == output)


@pytest.mark.parametrize("output", [[], [4], [4, 5], [4, 4], [5, 4, 5], [5, 5, 4], [4, 5, 4, 5]])
def test_loss_and_gradients_are_those_of_all_paths(output: list[int]) -> None:
    model = build("ctc", vocabulary=VOCABULARY)
    weights = [weight.value for weight in model.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        loss = model.loss_of(SOURCE, np.array([[*output, EOS]]), 0.1).total
        log_p = tf.nn.log_softmax(model((SOURCE, np.array([[EOS]]))))[0]
        paths = np.array(list(paths_of(output, 4)))
        expected = -tf.reduce_logsumexp(tf.reduce_sum(tf.gather(log_p, paths.T, batch_dims=1), axis=0))
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    gradients = zip(tape.gradient(loss, weights), tape.gradient(expected, weights), strict=True)
    for ours, reference in gradients:
        np.testing.assert_allclose(tf.convert_to_tensor(ours), tf.convert_to_tensor(reference), rtol=1e-3, atol=1e-5)


def test_rows_that_do_not_fit_or_are_empty_harm_no_other() -> None:
    model = build("ctc", vocabulary=VOCABULARY)
    source = np.array([[4, EOS], [EOS, PAD], [5, EOS], [EOS, PAD]])
    target = np.array([[4, 5, EOS, PAD], [EOS, PAD, PAD, PAD], [4, 4, 4, EOS], [5, 5, EOS, PAD]])
    weights = [weight.value for weight in model.trainable_variables]

    def loss_of(rows: slice) -> tuple[list[float], list[np.ndarray]]:
        with tf.GradientTape() as tape:
            loss = model.loss_of(source[rows], target[rows], 0.0)
        gradients = tape.gradient(loss.total, weights)
        return [float(part) for part in loss], [tf.convert_to_tensor(gradient).numpy() for gradient in gradients]

    # three equal tokens need five positions, and there are four; two need three, and there are two
    everything, gradients = loss_of(slice(4))
    possible, expected = loss_of(slice(2))
    assert everything[:3] == pytest.approx(possible[:3], rel=1e-5)
    assert everything[2:] == [4.0, 7.0]
    for ours, reference in zip(gradients, expected, strict=True):
        assert np.all(np.isfinite(ours))
        np.testing.assert_allclose(ours, reference, atol=1e-5)
    nothing, gradients = loss_of(slice(2, 4))
    assert nothing == [0.0, 0.0, 0.0, 7.0]
    assert not any(gradient.any() for gradient in gradients)
