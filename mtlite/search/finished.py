"""Finished sentences leave the batch, so that nobody computes for them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

_WORTH_IT = 0.75  # copying what stays costs about as much as a step: it is done when this share or less still goes on


def without_finished(going: tf.Tensor, sentences: Any, hypotheses: Any, beam_size: int) -> tuple[Any, Any]:
    """Keep the rows of the sentences that go on, if enough have finished; else all.

    Args:
        going: whether each sentence goes on `[sentences]`.
        sentences: tensors with one row a sentence, in any structure.
        hypotheses: tensors with `beam_size` rows a sentence, in any structure.
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
    """Rows of the sentences that still go on as rows of the whole batch, zeros for the others.

    Args:
        values: `[rows, …]`.
        sentences: the number of each row's sentence `[rows]`.
        batch: sentences of the whole batch.
    """
    row = tf.scatter_nd(sentences[:, None], tf.range(1, tf.shape(sentences)[0] + 1), [batch])
    return tf.gather(tf.concat([tf.zeros_like(values[:1]), values], axis=0), row)
