"""What all topologies share: embeddings, one output head, sizes, and the interface to training and search."""

from __future__ import annotations

import abc
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from mtlite.config.length_rules import Lengths
from mtlite.data.ids import PAD
from mtlite.layers.dropout import Dropout
from mtlite.layers.embedding import Embedding
from mtlite.layers.head import Head
from mtlite.layers.stack import DenseStack, LSTMStack, policy


class Loss(NamedTuple):
    """Of each sentence of a batch `[batch]`, or their sums; float32. A mean divides once, at the end."""

    total: tf.Tensor  # what training minimises (with label smoothing), summed over the tokens that can be reached
    nll: tf.Tensor  # −log p of the same tokens
    tokens: tf.Tensor  # how many those are
    unreachable: tf.Tensor  # target tokens that this topology has no position for


class Topology(keras.Model):
    """Base of all topologies. The arguments are the config, and the same for every topology.

    Args:
        source_vocabulary: size of the source vocabulary.
        target_vocabulary: size of the target vocabulary.
        joint: whether both sides share one vocabulary, and so one table of embeddings.
        embedding_size: numbers per embedding.
        units: size of every LSTM layer's output.
        layers: LSTM layers on each side.
        bidirectional: read the source in both directions.
        attention: dot, general or additive.
        tied_embeddings: the target embeddings are the output weights.
        dropout: share of numbers set to zero after every layer.
        embedding_dropout: share of numbers set to zero in the embeddings.
        word_dropout: share of whole words set to zero in the embeddings.
        layer_normalization: normalise the output of every LSTM layer.
        residual: add a layer's input to its output where the sizes agree.
        wait: for last-n, the share of the source that is read before writing starts.
        lengths: how long outputs may be, as `Lengths.to_dict()` gives it.
        precision: number format of products: float32 or bfloat16. Weights, states, softmax and loss are float32.
    """

    def __init__(
        self,
        *,
        source_vocabulary: int,
        target_vocabulary: int,
        joint: bool,
        embedding_size: int,
        units: int,
        layers: int,
        bidirectional: bool,
        attention: str,
        tied_embeddings: bool,
        dropout: float,
        embedding_dropout: float,
        word_dropout: float,
        layer_normalization: bool,
        residual: bool,
        wait: float,
        lengths: dict[str, Any],
        precision: str = "float32",
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **{"dtype": "float32", **kwargs})
        self.config: dict[str, Any] = {
            "source_vocabulary": source_vocabulary,
            "target_vocabulary": target_vocabulary,
            "joint": joint,
            "embedding_size": embedding_size,
            "units": units,
            "layers": layers,
            "bidirectional": bidirectional,
            "attention": attention,
            "tied_embeddings": tied_embeddings,
            "dropout": dropout,
            "embedding_dropout": embedding_dropout,
            "word_dropout": word_dropout,
            "layer_normalization": layer_normalization,
            "residual": residual,
            "wait": wait,
            "lengths": lengths,
            "precision": precision,
        }
        self.units = units
        self.layers_per_side = layers
        self.lengths = Lengths.from_dict(lengths)
        self.target_vocabulary = target_vocabulary
        self.source_embedding = self._embedding("embedding" if joint else "source_embedding", source_vocabulary)
        self.target_embedding = (
            self.source_embedding if joint else self._embedding("target_embedding", target_vocabulary)
        )
        tied = self.target_embedding if tied_embeddings else None
        self.head = Head(target_vocabulary, tied, name="head")

    def _embedding(self, name: str, vocabulary_size: int) -> Embedding:
        return Embedding(
            vocabulary_size,
            self.config["embedding_size"],
            dropout=self.config["embedding_dropout"],
            word_dropout=self.config["word_dropout"],
            precision=self.config["precision"],
            name=name,
        )

    def stack(
        self, name: str, layers: int | None = None, bidirectional: bool = False, state_only: bool = False
    ) -> LSTMStack:
        """A stack of LSTM layers with this model's sizes and options; see `LSTMStack`."""
        return LSTMStack(
            self.units,
            layers=self.layers_per_side if layers is None else layers,
            bidirectional=bidirectional,
            state_only=state_only,
            name=name,
            **self._stack_options(),
        )

    def dense_stack(self, name: str) -> DenseStack:
        """The same without recurrence."""
        return DenseStack(self.units, layers=self.layers_per_side, name=name, **self._stack_options())

    def _stack_options(self) -> dict[str, Any]:
        return {key: self.config[key] for key in ("dropout", "layer_normalization", "residual", "precision")}

    def dense(self, name: str, size: int) -> keras.layers.Dense:
        """A linear layer with this model's number format."""
        return keras.layers.Dense(size, name=name, dtype=policy(self.config["precision"]))

    def dropout(self, name: str) -> Dropout:
        """A dropout layer with this model's rate."""
        return Dropout(self.config["dropout"], name=name)

    @staticmethod
    def mask(ids: tf.Tensor) -> tf.Tensor:
        """`[batch, length]` ids → True where a token stands."""
        return tf.not_equal(ids, PAD)

    @classmethod
    def count(cls, ids: tf.Tensor) -> tf.Tensor:
        """`[batch, length]` ids → tokens of each row `[batch]` int32."""
        return tf.reduce_sum(tf.cast(cls.mask(ids), tf.int32), axis=1)

    @staticmethod
    def noise(training: bool | None) -> tf.Tensor | None:
        """A seed for dropout where the caller gave none: Keras' own training loop."""
        if not training:
            return None
        return tf.random.uniform([2], maxval=2**31 - 1, dtype=tf.int32)

    def loss_of(self, source: tf.Tensor, target: tf.Tensor, noise: tf.Tensor | None, smoothing: float) -> Loss:
        """Loss of a whole batch: the sums of `losses_of`."""
        return Loss(*(tf.reduce_sum(part) for part in self.losses_of(source, target, noise, smoothing)))

    @abc.abstractmethod
    def losses_of(self, source: tf.Tensor, target: tf.Tensor, noise: tf.Tensor | None, smoothing: float) -> Loss:
        """Loss of each sentence of a batch.

        Args:
            source: `[batch, source length]` ids with `</s>`, right-padded.
            target: `[batch, target length]` ids with `</s>`, right-padded.
            noise: seed `[2]` of the dropout, or None.
            smoothing: label smoothing.
        """

    def token_loss(self, features: tf.Tensor, target: tf.Tensor, reached: tf.Tensor, smoothing: float) -> Loss:
        """Cross-entropy of target tokens, each against the features at its own position, sentence by sentence.

        Args:
            features: `[batch, positions, size]`.
            target: `[batch, target length]`.
            reached: `[batch, target length]`, True for the tokens that count; each has a position.
            smoothing: label smoothing.
        """
        rows, columns = tf.unstack(tf.where(reached), axis=1)
        flat = tf.reshape(features, [-1, features.shape[-1]])
        at = rows * tf.shape(features, tf.int64)[1] + columns
        total, nll = self.head.cross_entropy(tf.gather(flat, at), tf.boolean_mask(target, reached), smoothing)
        batch = tf.shape(target)[0]
        total, nll = (tf.math.unsorted_segment_sum(values, rows, batch) for values in (total, nll))
        tokens = tf.math.count_nonzero(reached, axis=1, dtype=tf.float32)
        return Loss(total, nll, tokens, tf.cast(self.count(target), tf.float32) - tokens)

    def build(self, input_shape: Any = None) -> None:
        """Every layer creates its weights when it is first called: there is nothing to do here."""
        self.built = True

    def make_weights(self) -> None:
        """Create all weights, so that they can be counted, saved and loaded."""
        self((tf.constant([[3]]), tf.constant([[3]])))

    def get_config(self) -> dict[str, Any]:
        return {**self.config, "name": self.name}
