"""Ids to vectors."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from mtlite.layers.dropout import dropout
from mtlite.layers.layer import Layer


@keras.saving.register_keras_serializable("mtlite")
class Embedding(Layer):
    """A table of vectors, with dropout of single numbers and of whole words (Gal & Ghahramani 2016).

    `precision` is the dtype of the vectors that it gives; the table is float32.
    """

    def __init__(
        self,
        vocabulary_size: int,
        size: int,
        dropout: float = 0.0,
        word_dropout: float = 0.0,
        precision: str = "float32",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size, self.size, self.precision = vocabulary_size, size, precision
        self.dropout, self.word_dropout = dropout, word_dropout

    def build(self, input_shape: Any = None) -> None:
        # With rows of norm about one, tied output logits start near zero and gradients flow into both uses.
        self.table = self.add_weight(
            name="table",
            shape=(self.vocabulary_size, self.size),
            initializer=keras.initializers.RandomNormal(stddev=self.size**-0.5),
        )
        self.built = True

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        """`[batch, length]` ids → `[batch, length, size]`."""
        vectors = tf.cast(tf.gather(tf.convert_to_tensor(self.table), ids), self.precision)
        vectors = dropout(vectors, self.dropout, f"{self.name}_dropout")
        return dropout(vectors, self.word_dropout, f"{self.name}_word_dropout", whole_positions=True)
