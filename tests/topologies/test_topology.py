"""What all topologies share: Keras' own loop, the loss of a batch, configurations."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from small_models import build

from mtlite.data.ids import EOS, PAD
from mtlite.errors import UsageError
from mtlite.layers.dropout import dropout_seed
from mtlite.topologies.topology import Topology

SOURCE = np.array([[5, 6, 7, EOS], [8, EOS, PAD, PAD]])
TARGET = np.array([[8, 9, EOS], [EOS, PAD, PAD]])


@pytest.fixture(scope="module")
def model() -> Topology:
    return build("encoder-decoder", dropout=0.5)


def test_dropout_is_drawn_in_training_alone(model: Topology) -> None:
    first, again = (model((SOURCE, TARGET)).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, again)
    first, again = (model((SOURCE, TARGET), training=True).numpy() for _ in range(2))
    assert np.abs(first - again).max() > 1e-3


def test_dropout_is_a_function_of_the_seed(model: Topology) -> None:
    def loss(seed: int) -> float:
        with dropout_seed(tf.constant([seed, 1])):
            return float(model.loss_of(SOURCE, TARGET, 0.1).total)

    assert loss(1) == loss(1) != loss(2)


def test_the_loss_of_a_batch_is_the_sum_of_its_sentences(model: Topology) -> None:
    losses, total = model.losses_of(SOURCE, TARGET, 0.1), model.loss_of(SOURCE, TARGET, 0.1)
    np.testing.assert_allclose([tf.reduce_sum(part) for part in losses], total, rtol=1e-6)
    assert losses.tokens.numpy().tolist() == [3, 1]


def test_masks_and_counts() -> None:
    assert Topology.mask(SOURCE).numpy().tolist() == [[True] * 4, [True, True, False, False]]
    assert Topology.count(SOURCE).numpy().tolist() == [4, 2]


def test_a_configuration_is_plain_and_checked(model: Topology) -> None:
    values = model.get_config()
    assert type(model).from_config(values).config == model.config
    values["config"]["units"] = 0
    with pytest.raises(UsageError, match="units: expected at least 1, received 0"):
        type(model).from_config(values)
