"""One hypothesis a sentence, one token after another: the likeliest (greedy search), or drawn at random (sampling)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from mtlite.data.ids import BOS, EOS, PAD
from mtlite.search.finished import in_full, without_finished
from mtlite.search.hypotheses import Hypotheses
from mtlite.search.stepper import Stepper


def one_by_one(
    stepper: Stepper,
    source: tf.Tensor,
    limits: tf.Tensor,
    choose: Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor],
) -> Hypotheses:
    """Write one hypothesis a sentence of a batch `[batch, source length]`, of at most `limits` `[batch]` tokens.

    `choose` gives the next tokens `[rows]` int32 from scores `[rows, vocabulary]`, the number of the step, and the
    number of each row's sentence `[rows]`.
    """
    memories, states = stepper.read(source)
    batch, longest = tf.shape(source)[0], tf.reduce_max(limits)

    def step(at: tf.Tensor, scores: tf.Tensor, written: Any, attention: Any, rows: Any, states: Any) -> Any:
        sentences, tokens, running = rows
        states, memories = states
        found, log_total, states, looked = stepper.step(tokens, states, memories)
        chosen = choose(found, at, sentences)
        tokens = tf.where(running, chosen, PAD)
        gained = tf.where(running, tf.gather(found, chosen, batch_dims=1) - log_total, 0.0)
        scores = tf.tensor_scatter_nd_add(scores, sentences[:, None], gained)
        written = written.write(at, in_full(tokens, sentences, batch))
        attention = attention.write(at, in_full(looked, sentences, batch))
        running = running & (tokens != EOS) & (at + 1 < tf.gather(limits, sentences))
        rows, states = without_finished(running, (sentences, tokens, running), (states, memories), beam_size=1)
        return at + 1, scores, written, attention, rows, states

    arrays = [tf.TensorArray(dtype, size=0, dynamic_size=True) for dtype in (tf.int32, tf.float32)]
    rows = tf.range(batch), tf.fill([batch], BOS), tf.fill([batch], True)
    _, scores, written, attention, _, _ = tf.while_loop(
        lambda at, scores, written, attention, rows, states: (at < longest) & tf.reduce_any(rows[2]),
        step,
        (tf.constant(0), tf.zeros([batch]), *arrays, rows, (states, memories)),
    )
    ids = tf.transpose(written.stack())
    return Hypotheses(ids[:, None], scores[:, None], tf.transpose(attention.stack(), [1, 0, 2]))


def greedy(stepper: Stepper, source: tf.Tensor, limits: tf.Tensor) -> Hypotheses:
    """Take the likeliest next token, again and again; arguments as `one_by_one`."""
    return one_by_one(stepper, source, limits, lambda found, *_: tf.argmax(found, axis=-1, output_type=tf.int32))
