"""The "vanilla" LSTM of many tutorials: all outputs at once from the last state."""

from __future__ import annotations

import tensorflow as tf

from mtlite.topologies.direct import Direct


class VectorDense(Direct):
    """Reads the sequence; remembers the top layer's last h; writes all N positions from one Dense layer.

    ```
    target        o o o o
                  ↑ ↑ ↑ ↑
    dense         o-o-o-o
                ↗
    encoder o→o→o
            ↑ ↑ ↑
    source  o o o
    ```

    N is one number for all sources: what the length rule gives for the source length that 99.5% of the training pairs
    do not exceed. `layers` counts the encoder's. Source `[batch, S]` → h `[batch, units]` → Dense `[batch, N,
    embedding_size]` → logits `[batch, N, vocabulary]`. The "vector output model" of Brownlee (2018); the
    Keras model that this generalises:

    ```python
    h = LSTM(units)(source)
    positions = Reshape((n, embedding_size))(Dense(n * embedding_size)(h))
    logits = Dense(vocabulary)(positions)
    ```
    """

    def make_layers(self) -> None:
        self.encoder = self.source_stack("encoder", state_only=True)
        self.all_positions = self.dense("all_positions", self.config.lengths.fixed * self.config.embedding_size)

    def positions(self, source: tf.Tensor) -> tf.Tensor:
        return tf.fill([tf.shape(source)[0]], self.config.lengths.fixed)

    def features(self, source: tf.Tensor) -> tf.Tensor:
        _, last = self.encode(self.encoder, source)
        h = self.dropout(last[-1][0], "memory_dropout")
        return tf.reshape(self.all_positions(h), [-1, self.config.lengths.fixed, self.config.embedding_size])
