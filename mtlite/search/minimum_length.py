"""Hypotheses of at least so many tokens: until then, `</s>` cannot be written."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from mtlite.data.ids import EOS
from mtlite.search.stepper import Step, Stepper


class MinimumLength(Stepper):
    """Another stepper, with `</s>` forbidden for the first `least` tokens of every hypothesis."""

    def __init__(self, stepper: Stepper, least: int) -> None:
        self.stepper, self.least = stepper, least

    def read(self, source: tf.Tensor) -> tuple[Any, Any]:
        """As the other one; the states of a row know how many tokens it has."""
        memories, states = self.stepper.read(source)
        return memories, (tf.zeros(tf.shape(source)[:1], tf.int32), states)

    def step(self, tokens: tf.Tensor, states: Any, memories: Any, scored: tf.Tensor | None = None) -> Step:
        """As the other one."""
        written, states = states
        found = self.stepper.step(tokens, states, memories, scored)
        ends = tf.range(tf.shape(found.scores)[-1]) == EOS
        short = (written if scored is None else tf.gather(written, scored)) < self.least
        scores = tf.where(short[:, None] & ends, -float("inf"), found.scores)
        return found._replace(scores=scores, states=(written + 1, found.states))
