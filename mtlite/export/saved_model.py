"""A model as a SavedModel of TensorFlow, with the search inside: ids in, ids out."""

from __future__ import annotations

import logging
from pathlib import Path

import tensorflow as tf

from mtlite.config.length_rules import EXTRA_TOKENS
from mtlite.config.registry import entry_of
from mtlite.limits import MAX_HYPOTHESIS_TOKENS
from mtlite.search.ctc import best_path
from mtlite.search.greedy import greedy
from mtlite.search.hypotheses import Hypotheses
from mtlite.search.one_pass import one_pass
from mtlite.search.stepper import Stepper
from mtlite.topologies.topology import Topology

SIGNATURE = "serving_default"


class Greedy(tf.Module):
    """Greedy search with the weights of a model."""

    def __init__(self, model: Topology, blank_penalty: float) -> None:
        super().__init__()
        self._blank_penalty = blank_penalty
        self.model_variables = [weight.value for weight in model.weights]  # they are saved with it
        self._model = _Untracked(model)

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32, name="source")])
    def translate(self, source: tf.Tensor) -> dict[str, tf.Tensor]:
        """Ids of sources with `</s>`, right-padded `[batch, length]`, to those of their translations.

        These are `ids` `[batch, longest]`, right-padded, with `</s>` where one was written, and `scores` `[batch]`,
        their log p.
        """
        found = _search(self._model.held, source, self._blank_penalty)
        return {"ids": found.ids[:, 0], "scores": found.scores[:, 0]}


class _Untracked:
    """Hides a model from what is saved: its variables are there already, its layers are of no use without mtlite."""

    def __init__(self, held: Topology) -> None:
        self.held = held


def _search(model: Topology, source: tf.Tensor, blank_penalty: float) -> Hypotheses:
    search = entry_of(model.config.topology).search
    if search == "one pass":
        return one_pass([model], source)  # type: ignore[list-item]
    if search == "paths":
        return best_path(model, source, blank_penalty)  # type: ignore[arg-type]
    return greedy(Stepper([model]), source, limits(model, source))  # type: ignore[list-item]


def limits(model: Topology, source: tf.Tensor) -> tf.Tensor:
    """The most tokens of each output `[batch]` int32: `LengthRules.limits` in a graph."""
    rule, lengths = model.config.lengths.search, tf.cast(model.count(source), tf.float32)
    # In float32 and in this order, so that the numbers are the same.
    tokens = tf.maximum(1, tf.cast(tf.math.ceil(rule.slope * lengths + rule.intercept - 1e-4), tf.int32))
    return tf.minimum(tokens + EXTRA_TOKENS, MAX_HYPOTHESIS_TOKENS)


def write_saved_model(folder: Path, model: Topology, blank_penalty: float = 0.0) -> None:
    """Write a model in float32 into a folder that is there."""
    module, logger = Greedy(model, blank_penalty), tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)  # it tells where it wrote, and which attributes it left out
    try:
        tf.saved_model.save(module, str(folder), signatures={SIGNATURE: module.translate})
    finally:
        logger.setLevel(level)
