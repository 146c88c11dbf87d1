"""Topologies that write one token after another."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from mtlite.data.ids import BOS
from mtlite.layers.dropout import another_dropout_seed
from mtlite.topologies.topology import Topology

Memory = Any
"""What decoding keeps of the source: tensors in any structure, one row a sentence."""

State = Any
"""Where the next column starts: tensors in any structure, or None; one row a hypothesis."""


def tensors_of(structure: Any) -> list[tf.Tensor]:
    """The tensors of a memory or state, in order; None holds none."""
    return [leaf for leaf in tf.nest.flatten(structure) if leaf is not None]


def repacked(structure: Any, tensors: Sequence[tf.Tensor]) -> Any:
    """Other tensors in the structure of a memory or state."""
    left = iter(tensors)
    return tf.nest.map_structure(lambda leaf: None if leaf is None else next(left), structure)


class Decoded(NamedTuple):
    """The result of one call of `decode`."""

    features: tf.Tensor  # [rows, columns, size]: input of the head
    state: State
    attention: tf.Tensor | None = None  # [rows, columns, source length] float32, where the topology has it


class Autoregressive(Topology):
    """Reads once, then decodes. The same `decode` serves training (all columns at once) and search (one column)."""

    family = "autoregressive"

    @abc.abstractmethod
    def read(self, source: tf.Tensor) -> tuple[Memory, State]:
        """Read the source `[batch, source length]`; give what is remembered, and the state in which decoding starts."""

    @abc.abstractmethod
    def decode(self, tokens: tf.Tensor, state: State, memory: Memory) -> Decoded:
        """Go on from `state` over the previous target tokens `[rows, columns]`.

        In a beam, each sentence has one row of memory, and several rows of tokens and states side by side.
        """

    def at_each(self, tokens: tf.Tensor, vectors: tf.Tensor) -> tf.Tensor:
        """One vector a sentence `[batch, size]`, at each of its tokens `[rows, columns, size]`."""
        vectors = tf.cast(vectors, self.config.precision)
        vectors = tf.repeat(vectors, tf.shape(tokens)[0] // tf.shape(vectors)[0], axis=0)
        return tf.tile(vectors[:, None], [1, tf.shape(tokens)[1], 1])

    def features(self, source: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
        """Teacher forcing (Williams & Zipser 1989): each position sees the reference tokens before it."""
        memory, state = self.read(source)
        begin = tf.fill([tf.shape(target)[0], 1], tf.cast(BOS, target.dtype))
        with another_dropout_seed(1):  # a layer that serves both sides must not drop the same numbers on both
            return self.decode(tf.concat([begin, target[:, :-1]], axis=1), state, memory).features

    def logits(self, source: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
        return self.head(self.features(source, target))

    def outputs_of(self, source: tf.Tensor, target: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return self.features(source, target), self.mask(target)
