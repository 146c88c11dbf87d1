"""Beam search: the best few hypotheses are continued side by side."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from mtlite.data.ids import BOS, EOS, PAD
from mtlite.search.finished import in_full, without_finished
from mtlite.search.hypotheses import Hypotheses
from mtlite.search.stepper import Stepper
from mtlite.search.top_k import largest

_NEVER = -float("inf")


def beam_search(
    stepper: Stepper, source: tf.Tensor, limits: tf.Tensor, beam_size: int, length_penalty: float
) -> Hypotheses:
    """Beam search for a batch, inside one graph.

    Hypotheses are ranked by log p / ((5 + length) / 6) ** length_penalty (Wu et al. 2016). A finished one is frozen: it
    keeps its place as long as nothing better comes. Tokens and back pointers are kept per step and followed back once,
    at the end.

    Args:
        stepper: the models.
        source: `[batch, source length]` ids.
        limits: tokens that each hypothesis may have at most `[batch]`.
        beam_size: hypotheses per sentence.
        length_penalty: 0 prefers short hypotheses, 1 long ones.
    """
    memories, states = stepper.read(source)
    states = tf.nest.map_structure(lambda tensor: tf.repeat(tensor, beam_size, axis=0), states)
    batch, longest = tf.shape(source)[0], tf.reduce_max(limits)
    width = min(beam_size, stepper.vocabulary_size)  # continuations of one hypothesis that can be among the best
    in_place = tf.tile(tf.range(beam_size)[None], [batch, 1])

    def normalised(log_p: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
        return log_p / tf.pow((5.0 + tf.cast(length, tf.float32)) / 6.0, length_penalty)

    def step(at: tf.Tensor, final: tf.Tensor, kept: Any, rows: Any, memories: Any, states: Any) -> Any:
        sentences, tokens, running, log_p, scores = rows
        rows_now = tf.shape(sentences)[0]
        # [sentences · beam] tokens in, the best continuations of every hypothesis out
        found, log_total, states, weights = stepper.step(tf.reshape(tokens, [-1]), states, memories)
        found, candidates = largest(found, width)
        step_log_p = found - log_total[:, None]
        shape = [rows_now, beam_size, width]
        candidates = tf.reshape(candidates, shape)
        candidate_log_p = log_p[:, :, None] + tf.reshape(step_log_p, shape)
        candidate_scores = normalised(candidate_log_p, at + 1)
        # A finished hypothesis has one continuation: itself.
        only_first = tf.one_hot(tf.zeros([rows_now, beam_size], tf.int32), width, on_value=True, off_value=False)
        frozen = ~running[:, :, None]
        candidates = tf.where(frozen, PAD, candidates)
        candidate_log_p = tf.where(frozen, log_p[:, :, None], candidate_log_p)
        candidate_scores = tf.where(frozen, tf.where(only_first, scores[:, :, None], _NEVER), candidate_scores)

        flat = [rows_now, beam_size * width]
        scores, chosen = tf.math.top_k(tf.reshape(candidate_scores, flat), beam_size)
        parents = chosen // width
        tokens = tf.gather(tf.reshape(candidates, flat), chosen, batch_dims=1)
        log_p = tf.gather(tf.reshape(candidate_log_p, flat), chosen, batch_dims=1)
        inside = (at + 1 < tf.gather(limits, sentences))[:, None]
        running = tf.gather(running, parents, batch_dims=1) & (tokens != EOS) & inside
        origins = tf.reshape(tf.range(rows_now)[:, None] * beam_size + parents, [-1])
        states = tf.nest.map_structure(lambda tensor: tf.gather(tensor, origins), states)

        weights = tf.reshape(weights, [rows_now, beam_size, tf.shape(weights)[-1]])
        final = tf.tensor_scatter_nd_update(final, sentences[:, None], scores)
        values = (
            in_full(tokens, sentences, batch),
            tf.tensor_scatter_nd_update(in_place, sentences[:, None], parents),
            in_full(weights, sentences, batch),
        )
        kept = [array.write(at, value) for array, value in zip(kept, values, strict=True)]
        rows = sentences, tokens, running, log_p, scores
        (rows, memories), states = without_finished(tf.reduce_any(running, axis=1), (rows, memories), states, beam_size)
        return at + 1, final, kept, rows, memories, states

    # At the start all hypotheses of a sentence are the same one: only the first counts.
    start_log_p = tf.tile(tf.constant([[0.0] + [_NEVER] * (beam_size - 1)]), [batch, 1])
    arrays = [tf.TensorArray(kind, size=0, dynamic_size=True) for kind in (tf.int32, tf.int32, tf.float32)]
    tokens, running = tf.fill([batch, beam_size], BOS), tf.fill([batch, beam_size], True)
    rows = tf.range(batch), tokens, running, start_log_p, start_log_p
    steps, scores, kept, *_ = tf.while_loop(
        lambda at, final, kept, rows, memories, states: (at < longest) & tf.reduce_any(rows[2]),
        step,
        (tf.constant(0), start_log_p, arrays, rows, memories, states),
    )
    all_tokens, all_parents, all_weights = (array.stack() for array in kept)

    def follow(at: tf.Tensor, places: tf.Tensor, ids: tf.TensorArray, weights: tf.TensorArray) -> Any:
        parents = tf.gather(all_parents[at], places, batch_dims=1)
        ids = ids.write(at, tf.gather(all_tokens[at], places, batch_dims=1))
        weights = weights.write(at, tf.gather(all_weights[at], parents[:, :1], batch_dims=1)[:, 0])
        return at - 1, parents, ids, weights

    arrays = [tf.TensorArray(kind, size=steps) for kind in (tf.int32, tf.float32)]
    _, _, ids, weights = tf.while_loop(lambda at, *_: at >= 0, follow, (steps - 1, in_place, *arrays))
    return Hypotheses(tf.transpose(ids.stack(), [1, 2, 0]), scores, tf.transpose(weights.stack(), [1, 0, 2]))
