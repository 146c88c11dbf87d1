"""Topologies that are asked for one token after another."""

from __future__ import annotations

import abc
from typing import Any, NamedTuple

import tensorflow as tf

from mtlite.data.ids import BOS
from mtlite.topologies.topology import Loss, Topology

Memory = dict[str, Any]  # what was carried over from the source: tensors, one row a sentence


class Decoded(NamedTuple):
    """What one call of `decode` gives."""

    features: tf.Tensor  # [batch, columns, size]: input of the head
    state: Any  # where the next column starts: tensors, batch first
    weights: tf.Tensor | None  # [batch, columns, source length]: attention, where the topology has it


class Autoregressive(Topology):
    """Reads once, then decodes. The same `decode` serves training (all columns at once) and search (one column)."""

    family = "autoregressive"

    @abc.abstractmethod
    def read(self, source: tf.Tensor, noise: tf.Tensor | None = None) -> tuple[Memory, Any]:
        """Read the source `[batch, source length]`; give what is remembered, and the state in which decoding starts."""

    @abc.abstractmethod
    def decode(self, tokens: tf.Tensor, state: Any, memory: Memory, noise: tf.Tensor | None = None) -> Decoded:
        """Go on from `state` over the previous target tokens `[batch, columns]`.

        In a beam there are several rows of tokens and states a sentence, side by side, for one row of memory.
        """

    def features(self, source: tf.Tensor, target: tf.Tensor, noise: tf.Tensor | None) -> Decoded:
        """Teacher forcing (Williams & Zipser 1989): each position sees the reference tokens before it."""
        memory, state = self.read(source, noise)
        if noise is not None:
            # A layer that serves both sides must not drop the same numbers on both.
            noise = tf.random.experimental.stateless_fold_in(noise, 1)
        begin = tf.fill([tf.shape(target)[0], 1], tf.cast(BOS, target.dtype))
        return self.decode(tf.concat([begin, target[:, :-1]], axis=1), state, memory, noise)

    def call(
        self, inputs: tuple[tf.Tensor, tf.Tensor], noise: tf.Tensor | None = None, training: bool | None = None
    ) -> tf.Tensor:
        """Logits of every target position given the reference tokens before it.

        Args:
            inputs: source and target ids, each `[batch, length]` with `</s>`, right-padded.
            noise: seed `[2]` of the dropout.
            training: draw a seed if none is given.

        Returns:
            `[batch, target length, vocabulary]` float32.
        """
        source, target = inputs
        return self.head(self.features(source, target, self.noise(training) if noise is None else noise).features)

    def losses_of(self, source: tf.Tensor, target: tf.Tensor, noise: tf.Tensor | None, smoothing: float) -> Loss:
        features = self.features(source, target, noise).features
        return self.token_loss(features, target, self.mask(target), smoothing)
