"""What all topologies share: embeddings, an output head, sizes, and the interface to training and search."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import keras
import tensorflow as tf

from mtlite.config.read import plain, read_as
from mtlite.config.resolve import TopologyConfig
from mtlite.data.ids import PAD
from mtlite.layers.consistency import consistent_cross_entropy
from mtlite.layers.dropout import dropout, dropout_seed
from mtlite.layers.embedding import Embedding
from mtlite.layers.head import Head
from mtlite.layers.stack import DenseStack, LSTMStack, State, policy

Recurrent = Callable[..., tuple[tf.Tensor, State]]
"""From inputs `[rows, columns, size]` and, by name, `mask` `[rows, columns]` and `state`, to outputs `[rows, columns,
units]` and the new state: for each layer h and c, each `[rows, units]`."""


class Loss(NamedTuple):
    """Of each sentence of a batch `[batch]`, or their sums; float32. Divide once, at the end, for a mean."""

    total: tf.Tensor  # what training minimises (with label smoothing), summed over the tokens that can be reached
    nll: tf.Tensor  # −log p of the same tokens
    tokens: tf.Tensor  # how many those are
    unreachable: tf.Tensor  # target tokens that this topology has no position for


def _at_tokens(features: tf.Tensor, reached: tf.Tensor) -> tf.Tensor:
    """The features `[batch, positions, size]` of the tokens that count `[batch, length]`: `[tokens, size]`."""
    rows, columns = tf.unstack(tf.where(reached), axis=1)
    flat = tf.reshape(features, [-1, features.shape[-1]])
    return tf.gather(flat, rows * tf.shape(features, tf.int64)[1] + columns)


class Topology(keras.Model):
    """Base of all topologies, each of which is built from its configuration alone."""

    family: Literal["autoregressive", "direct"]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let Keras load every topology by its name."""
        super().__init_subclass__(**kwargs)
        keras.saving.register_keras_serializable(cls.__module__.partition(".")[0])(cls)

    def __init__(self, config: TopologyConfig, **kwargs: Any) -> None:
        super().__init__(autocast=False, **{"dtype": "float32", **kwargs})
        self.config = config
        if config.joint:
            self.source_embedding = self.target_embedding = self._embedding("embedding", config.source_vocabulary)
        else:
            self.source_embedding = self._embedding("source_embedding", config.source_vocabulary)
            self.target_embedding = self._embedding("target_embedding", config.target_vocabulary)
        tied = self.target_embedding if config.tied_embeddings else None
        self.head = Head(config.target_vocabulary, tied, name="head")
        self.make_layers()

    @abc.abstractmethod
    def make_layers(self) -> None:
        """Set the layers of this topology as attributes; embeddings and head are there already."""

    def _embedding(self, name: str, vocabulary_size: int) -> Embedding:
        size, drop, word_drop = self.config.embedding_size, self.config.embedding_dropout, self.config.word_dropout
        return Embedding(vocabulary_size, size, drop, word_drop, self.config.precision, name=name)

    def stack(self, name: str, **options: Any) -> Recurrent:
        """A stack of LSTM layers with this model's sizes and options, unless `options` of `LSTMStack` are given."""
        return LSTMStack(self.config.units, name=name, **{**self._stack_options(), **options})

    def source_stack(self, name: str, **options: Any) -> Recurrent:
        """The same, in both directions where the configuration says so."""
        return self.stack(name, bidirectional=self.config.bidirectional, **options)

    def dense_stack(self, name: str) -> DenseStack:
        """The same without recurrence."""
        return DenseStack(self.config.units, name=name, **self._stack_options())

    def _stack_options(self) -> dict[str, Any]:
        names = ("layers", "dropout", "layer_normalization", "residual", "precision")
        return {name: getattr(self.config, name) for name in names}

    def dense(self, name: str, size: int) -> keras.layers.Dense:
        """A linear layer with this model's dtype of products."""
        return keras.layers.Dense(size, name=name, dtype=policy(self.config.precision))

    def dropout(self, x: tf.Tensor, name: str) -> tf.Tensor:
        """Dropout with this model's rate; the name tells it from other dropout of the model."""
        return dropout(x, self.config.dropout, name)

    def encode(self, stack: Recurrent, source: tf.Tensor) -> tuple[tf.Tensor, State]:
        """Run a stack over the embedded source `[batch, length]`: its outputs, and the last h and c of each layer."""
        return stack(self.source_embedding(source), mask=self.mask(source))

    @staticmethod
    def mask(ids: tf.Tensor) -> tf.Tensor:
        """`[batch, length]` ids → True where a token stands."""
        return tf.not_equal(ids, PAD)

    @classmethod
    def count(cls, ids: tf.Tensor) -> tf.Tensor:
        """`[batch, length]` ids → tokens of each row `[batch]` int32."""
        return tf.reduce_sum(tf.cast(cls.mask(ids), tf.int32), axis=1)

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor], training: bool | None = None) -> tf.Tensor:
        """See `logits`; for Keras' own training loop, which says `training`, draw a seed for dropout."""
        if not training:
            return self.logits(*inputs)
        with dropout_seed(tf.random.uniform([2], maxval=2**31 - 1, dtype=tf.int32)):
            return self.logits(*inputs)

    @abc.abstractmethod
    def logits(self, source: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
        """Scores of all tokens at every output position, `[batch, positions, vocabulary]` float32.

        `source` and `target` are ids with `</s>`, right-padded: `[batch, source length]`, `[batch, target length]`.
        """

    def loss_of(self, source: tf.Tensor, target: tf.Tensor, smoothing: float, consistency: float = 0.0) -> Loss:
        """Loss of a whole batch: the sums of `losses_of`, or of two passes with other dropout that are to agree."""
        losses = (
            self._losses_of_two_passes(source, target, smoothing, consistency)
            if consistency
            else self.losses_of(source, target, smoothing)
        )
        return Loss(*map(tf.reduce_sum, losses))

    @abc.abstractmethod
    def outputs_of(self, source: tf.Tensor, target: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The input of the head, and which tokens of the target count; source and target as for `logits`.

        These are features `[batch, positions, size]`, and `[batch, target length]`, True for tokens with a position.
        """

    def losses_of(self, source: tf.Tensor, target: tf.Tensor, smoothing: float) -> Loss:
        """Loss of each sentence of a batch: cross-entropy of each target token at its own position."""
        features, reached = self.outputs_of(source, target)
        total, nll = self.head.cross_entropy(_at_tokens(features, reached), tf.boolean_mask(target, reached), smoothing)
        return self._by_sentence(total, nll, target, reached)

    def _losses_of_two_passes(self, source: tf.Tensor, target: tf.Tensor, smoothing: float, consistency: float) -> Loss:
        """The same of a batch that passes twice, with dropout of its own each time."""
        features, reached = self.outputs_of(*(tf.concat([side, side], axis=0) for side in (source, target)))
        logits, (reached, _) = self.head(_at_tokens(features, reached)), tf.split(reached, 2)
        total, nll = consistent_cross_entropy(logits, tf.boolean_mask(target, reached), smoothing, consistency)
        return self._by_sentence(total, nll, target, reached)

    def _by_sentence(self, total: tf.Tensor, nll: tf.Tensor, target: tf.Tensor, reached: tf.Tensor) -> Loss:
        """Losses of tokens `[tokens]`, added up for each sentence."""
        rows, batch = tf.where(reached)[:, 0], tf.shape(target)[0]
        total, nll = (tf.math.unsorted_segment_sum(values, rows, batch) for values in (total, nll))
        tokens = tf.math.count_nonzero(reached, axis=1, dtype=tf.float32)
        return Loss(total, nll, tokens, tf.cast(self.count(target), tf.float32) - tokens)

    def build(self, input_shape: Any = None) -> None:
        """Create nothing: every layer creates its weights when it is first called."""
        self.built = True

    def make_weights(self) -> None:
        """Create all weights, so that they can be counted, saved and loaded."""
        self((tf.constant([[3]]), tf.constant([[3]])))

    def get_config(self) -> dict[str, Any]:
        return {"config": plain(self.config), "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Topology:
        return cls(read_as(TopologyConfig, config["config"], cls.__name__), name=config["name"])
