"""Models asked together for the next token, whatever the structure of their states."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from small_models import build, build_varied

from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.search.minimum_length import MinimumLength
from mtlite.search.stepper import Stepper
from mtlite.topologies.autoregressive import Decoded
from mtlite.topologies.topology import Topology

SOURCE = tf.constant([[5, 6, 7, EOS], [8, EOS, PAD, PAD]])


class InTuples:
    """A model whose memory is None and whose state is a dictionary of tuples and None."""

    def __init__(self, model: Topology) -> None:
        self.model, self.config, self.head = model, model.config, model.head

    def read(self, source: tf.Tensor) -> tuple[Any, Any]:
        _, state = self.model.read(source)
        return None, {"layers": tuple(map(tuple, state)), "nothing": None}

    def decode(self, tokens: tf.Tensor, state: Any, memory: Any) -> Decoded:
        assert memory is None
        assert state["nothing"] is None
        assert all(isinstance(layer, tuple) for layer in state["layers"])
        features, new, attention = self.model.decode(tokens, state["layers"], {})
        return Decoded(features, {"layers": tuple(map(tuple, new)), "nothing": None}, attention)


def test_any_structure_of_states() -> None:
    model, scores = build_varied("encoder-decoder"), []
    for each in (model, InTuples(model)):
        stepper: Any = Stepper([each])  # type: ignore[list-item]
        memories, states = stepper.read(SOURCE)
        for token in (BOS, 5, 6):
            step = stepper.step(tf.fill([2], token), states, memories)
            states = step.states
        scores.append(step.scores.numpy())
    np.testing.assert_array_equal(*scores)


def test_what_no_hypothesis_contains_is_impossible() -> None:
    stepper = Stepper([build_varied()])
    memories, states = stepper.read(SOURCE)
    step = stepper.step(tf.fill([2], BOS), states, memories)
    p = tf.exp(step.scores - step.log_total[:, None]).numpy()
    assert not p[:, [PAD, UNK, BOS]].any()
    assert (p.sum(axis=1) < 1).all()
    assert step.attention.shape == (2, 4)


def test_only_the_rows_that_are_asked_for_are_scored() -> None:
    for models in ([build_varied()], [build_varied(seed=1), build_varied(seed=2)]):
        for stepper in (Stepper(models), MinimumLength(Stepper(models), 3)):
            memories, states = stepper.read(SOURCE)
            every = stepper.step(tf.fill([2], BOS), states, memories)
            second = stepper.step(tf.fill([2], BOS), states, memories, tf.constant([1]))
            np.testing.assert_allclose(second.scores, every.scores[1:], rtol=1e-6, atol=1e-6)
            np.testing.assert_allclose(second.log_total, every.log_total[1:], rtol=1e-6, atol=1e-6)
            tf.nest.map_structure(np.testing.assert_array_equal, second.states, every.states)


def test_log_total_is_exact_however_much_probabilities_differ() -> None:
    stepper = Stepper([build("attention")])
    head = stepper.models[0].head
    for largest in (1e-3, 1.0, 100.0, 3000.0):
        bias = np.linspace(-largest, largest, head.bias.shape[0])
        bias[[PAD, BOS, UNK]] = -2 * largest - 1e4  # so that all other tokens have probability 1 together
        head.bias.assign(bias)
        memories, states = stepper.read(SOURCE)
        step = stepper.step(tf.fill([2], BOS), states, memories)
        p = tf.exp(step.scores - step.log_total[:, None])
        np.testing.assert_allclose(tf.reduce_sum(p, axis=1), 1, rtol=1e-3 if largest > 100 else 2e-5)
