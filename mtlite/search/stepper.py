"""One or more autoregressive models asked together for the next token."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from mtlite.data.ids import BOS, PAD, UNK
from mtlite.models.topologies.autoregressive import Autoregressive


class Stepper:
    """log p of the next token, averaged over the models' probabilities where there are several.

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

    def log_probabilities(self, tokens: tf.Tensor, states: Any, memories: Any) -> tuple[tf.Tensor, Any, tf.Tensor]:
        """Go one token on.

        Args:
            tokens: the tokens just written `[batch]`.
            states: of all models.
            memories: of all models.

        Returns:
            log p `[batch, vocabulary]`, the new states, and attention weights `[batch, source length]` (mean over the
            models that have them; of length 0 where none has).
        """
        steps = [
            model.decode(tokens[:, None], state, memory)
            for model, state, memory in zip(self.models, states, memories, strict=True)
        ]
        each = [
            tf.nn.log_softmax(model.head(step.features[:, 0])) for model, step in zip(self.models, steps, strict=True)
        ]
        joined = each[0] if len(each) == 1 else tf.reduce_logsumexp(tf.stack(each), axis=0) - float(np.log(len(each)))
        weights = [step.weights[:, 0] for step in steps if step.weights is not None]
        if not weights:
            weights = [tf.zeros([tf.shape(tokens)[0], 0])]
        return joined + self.forbidden, [step.state for step in steps], tf.add_n(weights) / len(weights)
