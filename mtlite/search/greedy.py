"""One hypothesis a sentence, one token after another: the likeliest (greedy search), or drawn at random (sampling)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from mtlite.data.ids import BOS, EOS, PAD
from mtlite.search.hypotheses import Hypotheses
from mtlite.search.stepper import Stepper


def one_by_one(
    stepper: Stepper, source: tf.Tensor, limits: tf.Tensor, choose: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
) -> Hypotheses:
    """Write one hypothesis a sentence, inside one graph.

    Args:
        stepper: the models.
        source: `[batch, source length]` ids.
        limits: tokens that each hypothesis may have at most `[batch]`.
        choose: from log p `[batch, vocabulary]` and the number of the step to the next tokens `[batch]` int32.
    """
    memories, states = stepper.read(source)
    batch, longest = tf.shape(source)[0], tf.reduce_max(limits)

    def step(at: tf.Tensor, tokens: tf.Tensor, running: tf.Tensor, scores: tf.Tensor, states: Any, *kept: Any) -> Any:
        log_p, states, weights = stepper.log_probabilities(tokens, states, memories)
        chosen = choose(log_p, at)
        scores += tf.where(running, tf.gather(log_p, chosen, batch_dims=1), 0.0)
        tokens = tf.where(running, chosen, PAD)
        running = running & (tokens != EOS) & (at + 1 < limits)
        written, attended = kept
        return at + 1, tokens, running, scores, states, written.write(at, tokens), attended.write(at, weights)

    arrays = [tf.TensorArray(kind, size=0, dynamic_size=True) for kind in (tf.int32, tf.float32)]
    start = tf.constant(0), tf.fill([batch], BOS), tf.fill([batch], True), tf.zeros([batch]), states, *arrays
    _, _, _, scores, _, written, attended = tf.while_loop(
        lambda at, tokens, running, *_: (at < longest) & tf.reduce_any(running), step, start
    )
    ids = tf.transpose(written.stack())
    return Hypotheses(ids[:, None], scores[:, None], tf.transpose(attended.stack(), [1, 0, 2]))


def greedy(stepper: Stepper, source: tf.Tensor, limits: tf.Tensor) -> Hypotheses:
    """The likeliest next token, again and again; arguments as `one_by_one`."""
    return one_by_one(stepper, source, limits, lambda log_p, _: tf.argmax(log_p, axis=-1, output_type=tf.int32))
