"""One or more autoregressive models asked together for the next token."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from mtlite.data.ids import BOS, PAD, UNK
from mtlite.topologies.autoregressive import Autoregressive


class Step(NamedTuple):
    """What the models say of the next token of every hypothesis."""

    scores: tf.Tensor  # [rows, vocabulary]: log p of a token is its score less log_total
    log_total: tf.Tensor  # [rows]
    states: Any  # of all models, after the tokens just written
    weights: tf.Tensor  # [rows, source length]: mean attention of the models that have it; of length 0 where none has


class Stepper:
    """Asks for the next token; probabilities are averaged over the models where there are several.

    Args:
        models: all with the same target vocabulary.
    """

    def __init__(self, models: list[Autoregressive]) -> None:
        self.models = models
        self.vocabulary_size = models[0].target_vocabulary
        # No hypothesis contains padding, <s> or an unknown piece.
        forbidden = np.zeros(self.vocabulary_size, np.float32)
        forbidden[[PAD, BOS, UNK]] = -np.inf
        self.forbidden = tf.constant(forbidden)

    def read(self, source: tf.Tensor) -> tuple[Any, Any]:
        """Memories and first states of all models for `source` `[batch, length]`."""
        memories, states = zip(*(model.read(source) for model in self.models), strict=True)
        return list(memories), list(states)

    def step(self, tokens: tf.Tensor, states: Any, memories: Any) -> Step:
        """Go one token on.

        Args:
            tokens: the tokens just written `[rows]`; the hypotheses of a sentence side by side.
            states: of all models, a row a hypothesis.
            memories: of all models, a row a sentence.
        """
        steps = [
            model.decode(tokens[:, None], state, memory)
            for model, state, memory in zip(self.models, states, memories, strict=True)
        ]
        each = [model.head(step.features[:, 0]) for model, step in zip(self.models, steps, strict=True)]
        if len(each) == 1:
            scores, log_total = each[0], tf.reduce_logsumexp(each[0], axis=-1)
        else:
            scores = tf.reduce_logsumexp(tf.stack([tf.nn.log_softmax(logits) for logits in each]), axis=0)
            log_total = tf.fill([tf.shape(tokens)[0]], float(np.log(len(each))))
        weights = [step.weights[:, 0] for step in steps if step.weights is not None]
        if not weights:
            weights = [tf.zeros([tf.shape(tokens)[0], 0])]
        states = [step.state for step in steps]
        return Step(scores + self.forbidden, log_total, states, tf.add_n(weights) / len(weights))
