"""A look back at every encoder output."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from mtlite.layers.dtypes import in_format
from mtlite.layers.layer import Layer

KINDS = ("dot", "general", "additive")


def _projected(sequences: tf.Tensor, kernel: keras.Variable) -> tf.Tensor:
    """`[batch, length, units]`, in one product of matrices: one a sentence would have one gradient a sentence, too."""
    return tf.tensordot(sequences, in_format(kernel, sequences.dtype), axes=1)


@keras.saving.register_keras_serializable("mtlite")
class AttentionLayer(Layer):
    """Weighs encoder outputs by how well they fit a decoder output.

    Args:
        kind: `dot` q·k, `general` q·Wk (both Luong et al. 2015), `additive` v·tanh(Wk + Uq) (Bahdanau et al. 2015).
        units: size of queries and values.
    """

    def __init__(self, kind: str, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if kind not in KINDS:
            raise ValueError(f"Expected attention to be one of {', '.join(KINDS)}. Received: {kind}")
        self.kind, self.units = kind, units

    def build(self, input_shape: Any = None) -> None:
        if self.kind != "dot":
            self.key_kernel = self.add_weight(name="key_kernel", shape=(self.units, self.units))
        if self.kind == "additive":
            self.query_kernel = self.add_weight(name="query_kernel", shape=(self.units, self.units))
            self.scale = self.add_weight(name="scale", shape=(self.units,), initializer="ones")
        self.built = True

    def keys(self, values: tf.Tensor) -> tf.Tensor:
        """What queries are compared with, computed once a sentence: `[batch, source length, units]`."""
        if self.kind == "dot":
            return values
        return _projected(values, self.key_kernel)

    def call(
        self, queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor, mask: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Look back.

        Args:
            queries: `[batch, target length, units]`.
            keys: `[batch, source length, units]`, from `keys(values)`.
            values: `[batch, source length, units]`.
            mask: `[batch, source length]`, True where a position counts.

        Returns:
            Contexts `[batch, target length, units]` and weights `[batch, target length, source length]` float32.
        """
        if self.kind == "additive":
            joined = tf.tanh(_projected(queries, self.query_kernel)[:, :, None] + keys[:, None])
            scores = tf.reduce_sum(joined * tf.cast(self.scale, joined.dtype), axis=-1) * self.units**-0.5
        else:
            scores = tf.matmul(queries, keys, transpose_b=True) * self.units**-0.5
        scores = tf.cast(scores, tf.float32) + tf.where(mask, 0.0, -1e9)[:, None]
        weights = tf.nn.softmax(scores)
        return tf.matmul(tf.cast(weights, values.dtype), values), weights

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kind": self.kind, "units": self.units}
