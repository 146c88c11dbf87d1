"""Topologies that write all positions in one pass."""

from __future__ import annotations

import abc

import tensorflow as tf

from mtlite.topologies.topology import Topology


class Direct(Topology):
    """Reads once and writes every output position at once: no position sees what another one writes.

    A target is learnt up to its `</s>`, as far as there are positions; a hypothesis ends before its first `</s>`.
    """

    family = "direct"

    def positions(self, source: tf.Tensor) -> tf.Tensor:
        """Output positions N of each row of `source` `[batch, length]`, by the length rule: `[batch]` int32."""
        # In float32 and in this order, so that the numbers are those of `LengthRule`.
        rule, lengths = self.config.lengths.direct, tf.cast(self.count(source), tf.float32)
        return tf.maximum(1, tf.cast(tf.math.ceil(rule.slope * lengths + rule.intercept - 1e-4), tf.int32))

    @abc.abstractmethod
    def features(self, source: tf.Tensor) -> tf.Tensor:
        """Input of the head `[batch, at least the largest N, size]`; what follows a row's own N means nothing."""

    def logits(self, source: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
        return self.head(self.features(source))

    def outputs_of(self, source: tf.Tensor, target: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        within = tf.sequence_mask(self.positions(source), tf.shape(target)[1])
        return self.features(source), self.mask(target) & within


def copies(vector: tf.Tensor, counts: tf.Tensor) -> tf.Tensor:
    """The same vector at every output position: `[batch, size]` → `[batch, largest count, size]`."""
    return tf.tile(vector[:, None], [1, tf.reduce_max(counts), 1])


def followed_by_blanks(vectors: tf.Tensor, lengths: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
    """Put zero vectors after each row: `[batch, length, size]` → `[batch, at least the most steps, size]`.

    Each row `[batch]` keeps `lengths` vectors, and needs `steps` vectors and blanks together.
    """
    batch, length, size = tf.shape(vectors)[0], tf.shape(vectors)[1], vectors.shape[-1]
    vectors *= tf.sequence_mask(lengths, length, vectors.dtype)[..., None]
    missing = tf.maximum(0, tf.reduce_max(steps) - length)
    return tf.concat([vectors, tf.zeros([batch, missing, size], vectors.dtype)], axis=1)


def window(outputs: tf.Tensor, starts: tf.Tensor, sizes: tf.Tensor) -> tf.Tensor:
    """The part of each row from its start on: `[batch, length, size]` → `[batch, largest size, size]`."""
    at = starts[:, None] + tf.range(tf.reduce_max(sizes))
    return tf.gather(outputs, tf.minimum(at, tf.shape(outputs)[1] - 1), batch_dims=1)
