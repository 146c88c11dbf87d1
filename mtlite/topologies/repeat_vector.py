"""The "encoder-decoder" of many tutorials: the last output is repeated, and a second LSTM reads the copies."""

from __future__ import annotations

import tensorflow as tf

from mtlite.topologies.direct import Direct, copies


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

    def make_layers(self) -> None:
        self.encoder = self.source_stack("encoder", state_only=True)
        self.decoder = self.stack("decoder")

    def features(self, source: tf.Tensor) -> tf.Tensor:
        _, last = self.encode(self.encoder, source)
        h = self.dropout(last[-1][0], "memory_dropout")
        return self.decoder(copies(h, self.positions(source)))[0]
