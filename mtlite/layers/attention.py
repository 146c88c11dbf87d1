"""A look back at every encoder output."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from mtlite.layers.dtypes import in_dtype
from mtlite.layers.layer import Layer


def _projected(sequences: tf.Tensor, kernel: keras.Variable) -> tf.Tensor:
    """`[batch, length, units]`, in one product of matrices: one a sentence would have one gradient a sentence, too."""
    return tf.tensordot(sequences, in_dtype(kernel, sequences.dtype), axes=1)


class LookedAt(NamedTuple):
    """Encoder outputs that are looked back at, a row a sentence."""

    keys: tf.Tensor  # [batch, source length, units]: what queries are compared with; with heads as `_apart` gives them
    values: tf.Tensor  # likewise
    mask: tf.Tensor  # [batch, source length], True where a position counts


@keras.saving.register_keras_serializable("mtlite")
class AttentionLayer(Layer):
    """Weighs encoder outputs by how well they fit a decoder output, both of size `units`.

    The score is `dot` q·k, `general` q·Wk (both Luong et al. 2015) or `additive` v·tanh(Wk + Uq) (Bahdanau et al.
    2015). Of several heads, each weighs by its share of the units (Vaswani et al. 2017; with LSTMs: Chen et al. 2018).
    """

    def __init__(self, score: str, units: int, heads: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.score, self.units, self.heads = score, units, heads

    def build(self, input_shape: Any = None) -> None:
        if self.score != "dot":
            self.key_kernel = self.add_weight(name="key_kernel", shape=(self.units, self.units))
        if self.score == "additive":
            self.query_kernel = self.add_weight(name="query_kernel", shape=(self.units, self.units))
            self.scale = self.add_weight(name="scale", shape=(self.units,), initializer="ones")
        self.built = True

    def look_at(self, values: tf.Tensor, mask: tf.Tensor) -> LookedAt:
        """Prepare encoder outputs `[batch, source length, units]`, once a sentence; `mask` is True where one counts."""
        if not self.built:
            self.build()
        keys = values if self.score == "dot" else _projected(values, self.key_kernel)
        return LookedAt(self._apart(keys), self._apart(values), mask)

    def call(self, queries: tf.Tensor, looked_at: LookedAt) -> tuple[tf.Tensor, tf.Tensor]:
        """Give contexts `[rows, columns, units]` and attention `[rows, columns, source length]` float32.

        Queries are `[rows, columns, units]`; several rows of a sentence stand side by side. The attention of several
        heads is their mean.
        """
        keys, values, mask = looked_at
        rows, columns, _ = tf.unstack(tf.shape(queries))
        # Hypotheses of a sentence look back together: their queries are rows of one product.
        queries = tf.reshape(queries, [tf.shape(keys)[0], -1, self.units])
        size, beside = self.units // self.heads, tf.where(mask, 0.0, -1e9)[:, None]
        if self.score == "additive":
            projected = self._apart(_projected(queries, self.query_kernel))
            joined = tf.tanh(projected[..., None, :] + keys[..., None, :, :])
            scale = tf.reshape(self.scale, [self.heads, 1, 1, size])
            scores = tf.reduce_sum(joined * tf.cast(scale, joined.dtype), axis=-1) * size**-0.5
        else:
            scores = tf.matmul(self._apart(queries), keys, transpose_b=True) * size**-0.5
        attention = tf.nn.softmax(tf.cast(scores, tf.float32) + (beside if self.heads == 1 else beside[:, None]))
        contexts = tf.matmul(tf.cast(attention, values.dtype), values)
        if self.heads > 1:
            contexts, attention = tf.transpose(contexts, [0, 2, 1, 3]), tf.reduce_mean(attention, axis=1)
        attention = tf.reshape(attention, [rows, columns, tf.shape(attention)[-1]])
        return tf.reshape(contexts, [rows, columns, self.units]), attention

    def _apart(self, sequences: tf.Tensor) -> tf.Tensor:
        """`[batch, length, units]` → `[batch, heads, length, units / heads]`; one head stays as it is."""
        if self.heads == 1:
            return sequences
        batch, length, _ = tf.unstack(tf.shape(sequences))
        return tf.transpose(tf.reshape(sequences, [batch, length, self.heads, -1]), [0, 2, 1, 3])
