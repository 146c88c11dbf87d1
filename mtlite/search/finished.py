"""Finished sentences leave the batch: nothing is computed for them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

_WORTH_IT = 0.95  # copying the rest costs a small part of a step: do it when at most this share is unfinished


def without_finished(going: tf.Tensor, sentences: Any, hypotheses: Any, beam_size: int) -> tuple[Any, Any]:
    """Keep only the rows of the sentences that are `going` on `[sentences]`, if enough have finished.

    `sentences` are tensors with one row a sentence, `hypotheses` with `beam_size` rows, both in any structure.
    """

    def fewer() -> tuple[Any, Any]:
        rows = tf.cast(tf.where(going)[:, 0], tf.int32)
        copies = tf.reshape(rows[:, None] * beam_size + tf.range(beam_size), [-1])
        return (
            tf.nest.map_structure(lambda tensor: tf.gather(tensor, rows), sentences),
            tf.nest.map_structure(lambda tensor: tf.gather(tensor, copies), hypotheses),
        )

    share = tf.reduce_mean(tf.cast(going, tf.float32))
    return tf.cond(share <= _WORTH_IT, fewer, lambda: (sentences, hypotheses))  # type: ignore[no-any-return]


def in_full(values: tf.Tensor, sentences: tf.Tensor, batch: tf.Tensor) -> tf.Tensor:
    """Spread `[rows, …]` of the unfinished sentences, numbered `[rows]`, over the whole batch; zeros elsewhere."""
    row = tf.scatter_nd(sentences[:, None], tf.range(1, tf.shape(sentences)[0] + 1), [batch])
    return tf.gather(tf.concat([tf.zeros_like(values[:1]), values], axis=0), row)
