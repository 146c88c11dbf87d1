"""One or more autoregressive models asked together for the next token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from mtlite.data.ids import BOS, PAD, UNK
from mtlite.topologies.autoregressive import Autoregressive, repacked, tensors_of


class Step(NamedTuple):
    """Scores of the next token of every hypothesis."""

    scores: tf.Tensor  # [rows, vocabulary]: log p of a token is its score less log_total
    log_total: tf.Tensor  # [rows]
    states: Any  # of all models, after the tokens just written
    attention: tf.Tensor  # [rows, source length]: mean attention of the models that have it; of length 0 where none has


class Stepper:
    """Scores the next token, by the mean of the probabilities of models that share a target vocabulary."""

    def __init__(self, models: Sequence[Autoregressive]) -> None:
        self.models = models
        # No hypothesis contains padding, <s> or an unknown piece.
        forbidden = np.zeros(models[0].config.target_vocabulary, np.float32)
        forbidden[[PAD, BOS, UNK]] = -np.inf
        self.forbidden = tf.constant(forbidden)

    def read(self, source: tf.Tensor) -> tuple[Any, Any]:
        """Memories and first states of all models for `source` `[batch, length]`."""
        self._structures = [model.read(source) for model in self.models]  # as each topology likes them
        memories, states = zip(*self._structures, strict=True)
        return [tensors_of(memory) for memory in memories], [tensors_of(state) for state in states]

    def step(self, tokens: tf.Tensor, states: Any, memories: Any, scored: tf.Tensor | None = None) -> Step:
        """Go on over the tokens just written `[rows]`, the hypotheses of a sentence side by side.

        States of all models have a row a hypothesis, memories a row a sentence. Scores are only those of the `scored`
        rows `[number]`, if given: the vocabulary is the largest product.
        """
        steps = [
            model.decode(tokens[:, None], repacked(like[1], state), repacked(like[0], memory))
            for model, like, state, memory in zip(self.models, self._structures, states, memories, strict=True)
        ]
        features = [step.features[:, 0] for step in steps]
        if scored is not None:
            features = [tf.gather(each, scored) for each in features]
        each = [model.head(x) for model, x in zip(self.models, features, strict=True)]
        if len(each) == 1:
            scores, log_total = each[0], _log_total(each[0])
        else:
            scores = tf.reduce_logsumexp(tf.stack([tf.nn.log_softmax(logits) for logits in each]), axis=0)
            log_total = tf.fill([tf.shape(scores)[0]], float(np.log(len(each))))
        attention = [step.attention[:, 0] for step in steps if step.attention is not None]
        if not attention:
            attention = [tf.zeros([tf.shape(tokens)[0], 0])]
        states = [tensors_of(step.state) for step in steps]
        return Step(scores + self.forbidden, log_total, states, tf.add_n(attention) / len(attention))


def _log_total(logits: tf.Tensor) -> tf.Tensor:
    """Log Σ exp of each row, out of the softmax, which is one operation where `tf.reduce_logsumexp` is several.

    The largest probability is at least 1 / vocabulary, so that its logarithm is as exact as any.
    """
    return tf.reduce_max(logits, axis=-1) - tf.math.log(tf.reduce_max(tf.nn.softmax(logits), axis=-1))
