"""The "encoder-decoder" of many tutorials: the last output is repeated, and a second LSTM reads the copies."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from mtlite.topologies.direct import Direct, copies


@keras.saving.register_keras_serializable("mtlite")
class RepeatVector(Direct):
    """Reads the sequence; remembers the top layer's last h, repeated N times; writes with an LSTM over the copies.

    ```
    target        o o o o
                  ↑ ↑ ↑ ↑
    decoder       o→o→o→o
                  ↑ ↑ ↑ ↑
    memory        o o o o
                ↗
    encoder o→o→o
            ↑ ↑ ↑
    source  o o o
    ```

    `layers` in the encoder and as many in the decoder, which starts from zeros and never learns what was written.
    Source `[batch, S]` → h `[batch, units]` → N copies → logits `[batch, N, vocabulary]`. The "encoder-decoder model"
    of Brownlee (2018); the Keras model that this generalises to any length on both sides:

    ```python
    h = LSTM(units)(source)
    outputs = LSTM(units, return_sequences=True)(RepeatVector(n)(h))
    logits = TimeDistributed(Dense(vocabulary))(outputs)
    ```
    """

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.encoder = self.stack("encoder", bidirectional=self.config["bidirectional"], state_only=True)
        self.memory_dropout = self.dropout("memory_dropout")
        self.decoder = self.stack("decoder")

    def features(self, source: tf.Tensor, noise: tf.Tensor | None = None) -> tf.Tensor:
        _, last = self.encoder(self.source_embedding(source, noise=noise), mask=self.mask(source), noise=noise)
        h = self.memory_dropout(last[-1][0], noise=noise)
        return self.decoder(copies(h, self.positions(source)), noise=noise)[0]
