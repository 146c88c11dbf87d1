"""Beam search: the best few hypotheses are continued side by side."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from mtlite.data.ids import BOS, EOS, PAD
from mtlite.search.finished import in_full, without_finished
from mtlite.search.hypotheses import Hypotheses
from mtlite.search.stepper import Stepper
from mtlite.search.top_k import top_k

_NEVER = -float("inf")


class _Rows(NamedTuple):
    """The unfinished sentences, a row each."""

    sentences: tf.Tensor  # [rows] their numbers in the batch
    tokens: tf.Tensor  # [rows, beam] just written
    running: tf.Tensor  # [rows, beam] whether a hypothesis goes on
    log_p: tf.Tensor  # [rows, beam]
    scores: tf.Tensor  # [rows, beam] log p, normalised by length


class _Chosen(NamedTuple):
    """The best continuations of each row, each `[rows, beam]`."""

    parents: tf.Tensor  # which hypothesis each continues
    tokens: tf.Tensor
    log_p: tf.Tensor
    scores: tf.Tensor


def beam_search(
    stepper: Stepper, source: tf.Tensor, limits: tf.Tensor, beam_size: int, length_penalty: float
) -> Hypotheses:
    """Beam search for a batch `[batch, source length]` whose outputs have `limits` `[batch]` tokens at most.

    Hypotheses are ranked by log p / ((5 + length) / 6) ** length_penalty (Wu et al. 2016): 0 prefers short ones, 1 long
    ones. A finished one is frozen: it keeps its rank as long as nothing better comes. Tokens and back pointers are kept
    per step and followed back once, at the end.
    """
    memories, states = stepper.read(source)
    states = tf.nest.map_structure(lambda tensor: tf.repeat(tensor, beam_size, axis=0), states)
    batch, longest = tf.shape(source)[0], tf.reduce_max(limits)
    themselves = tf.tile(tf.range(beam_size)[None], [batch, 1])

    def step(at: tf.Tensor, final: tf.Tensor, arrays: Any, rows: _Rows, memories: Any, states: Any) -> Any:
        # [sentences · beam] tokens in, the best continuations of every hypothesis out
        alive = tf.cast(tf.where(tf.reshape(rows.running, [-1])), tf.int32)
        found, log_total, states, attention = stepper.step(tf.reshape(rows.tokens, [-1]), states, memories, alive[:, 0])
        chosen = _choose(rows, *_continuations(rows, alive, found, log_total), at + 1, length_penalty)
        count = tf.shape(rows.sentences)[0]
        inside = (at + 1 < tf.gather(limits, rows.sentences))[:, None]
        running = tf.gather(rows.running, chosen.parents, batch_dims=1) & (chosen.tokens != EOS) & inside
        origins = tf.reshape(tf.range(count)[:, None] * beam_size + chosen.parents, [-1])

        attention = tf.reshape(attention, [count, beam_size, tf.shape(attention)[-1]])
        final = tf.tensor_scatter_nd_update(final, rows.sentences[:, None], chosen.scores)
        values = (
            in_full(chosen.tokens, rows.sentences, batch),
            tf.tensor_scatter_nd_update(themselves, rows.sentences[:, None], chosen.parents),
            in_full(attention, rows.sentences, batch),
        )
        arrays = [array.write(at, value) for array, value in zip(arrays, values, strict=True)]
        rows = _Rows(rows.sentences, chosen.tokens, running, chosen.log_p, chosen.scores)
        going = tf.reduce_any(running, axis=1)
        (rows, memories), origins = without_finished(going, (rows, memories), origins, beam_size)
        states = tf.nest.map_structure(lambda tensor: tf.gather(tensor, origins), states)  # once a step
        return at + 1, final, arrays, rows, memories, states

    # At the start all hypotheses of a sentence are the same one: only the first counts.
    log_p = tf.tile(tf.constant([[0.0] + [_NEVER] * (beam_size - 1)]), [batch, 1])
    arrays = [tf.TensorArray(dtype, size=0, dynamic_size=True) for dtype in (tf.int32, tf.int32, tf.float32)]
    tokens, running = tf.fill([batch, beam_size], BOS), tf.fill([batch, beam_size], True)
    _, scores, arrays, *_ = tf.while_loop(
        lambda at, final, arrays, rows, memories, states: (at < longest) & tf.reduce_any(rows.running),
        step,
        (tf.constant(0), log_p, arrays, _Rows(tf.range(batch), tokens, running, log_p, log_p), memories, states),
    )
    ids, attention = _followed_back(*(array.stack() for array in arrays))
    return Hypotheses(ids, scores, attention)


def _continuations(
    rows: _Rows, alive: tf.Tensor, found: tf.Tensor, log_total: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """log p of the best continuations of each hypothesis, and their tokens, both `[rows, beam, width]`.

    Args:
        alive: which of the rows · beam hypotheses go on `[alive, 1]`; the others gain 0, and their tokens are padding.
        found: scores of all tokens after these `[alive, vocabulary]`.
        log_total: log p of a token is its score less this `[alive]`.
    """
    count, beam_size = tf.shape(rows.tokens)[0], rows.tokens.shape[1]
    width = min(beam_size, found.shape[-1])  # continuations of one hypothesis that can be among the best
    found, tokens = top_k(found, width)
    gained, tokens = (
        tf.reshape(tf.scatter_nd(alive, values, [count * beam_size, width]), [count, beam_size, width])
        for values in (found - log_total[:, None], tokens)
    )
    return rows.log_p[:, :, None] + gained, tokens


def _choose(rows: _Rows, log_p: tf.Tensor, candidates: tf.Tensor, length: tf.Tensor, length_penalty: float) -> _Chosen:
    """Choose the best continuations of each row, of `length` tokens, among those of each hypothesis."""
    count, (_, beam_size, width) = tf.shape(log_p)[0], log_p.shape
    scores = log_p / tf.pow((5.0 + tf.cast(length, tf.float32)) / 6.0, length_penalty)
    # A finished hypothesis has one continuation: itself.
    only_first = tf.one_hot(tf.zeros([count, beam_size], tf.int32), width, on_value=True, off_value=False)
    frozen = ~rows.running[:, :, None]
    candidates = tf.where(frozen, PAD, candidates)
    log_p = tf.where(frozen, rows.log_p[:, :, None], log_p)
    scores = tf.where(frozen, tf.where(only_first, rows.scores[:, :, None], _NEVER), scores)

    flat = [count, beam_size * width]
    best, chosen = tf.math.top_k(tf.reshape(scores, flat), beam_size)
    tokens, log_p = (tf.gather(tf.reshape(each, flat), chosen, batch_dims=1) for each in (candidates, log_p))
    return _Chosen(chosen // width, tokens, log_p, best)


def _followed_back(tokens: tf.Tensor, parents: tf.Tensor, attention: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Follow the back pointers from the last step to the first.

    Args:
        tokens: `[steps, batch, beam]`.
        parents: which hypothesis of the step before each one continues `[steps, batch, beam]`.
        attention: `[steps, batch, beam, source length]`.

    Returns:
        Ids `[batch, beam, steps]`, and the attention of the best hypothesis `[batch, steps, source length]`.
    """
    steps, batch, beam_size = tf.unstack(tf.shape(tokens))

    def follow(at: tf.Tensor, hypotheses: tf.Tensor, ids: tf.TensorArray, looked: tf.TensorArray) -> Any:
        before = tf.gather(parents[at], hypotheses, batch_dims=1)
        ids = ids.write(at, tf.gather(tokens[at], hypotheses, batch_dims=1))
        looked = looked.write(at, tf.gather(attention[at], before[:, :1], batch_dims=1)[:, 0])
        return at - 1, before, ids, looked

    last = tf.tile(tf.range(beam_size)[None], [batch, 1])
    arrays = [tf.TensorArray(dtype, size=steps) for dtype in (tf.int32, tf.float32)]
    _, _, ids, looked = tf.while_loop(lambda at, *_: at >= 0, follow, (steps - 1, last, *arrays))
    return tf.transpose(ids.stack(), [1, 2, 0]), tf.transpose(looked.stack(), [1, 0, 2])
