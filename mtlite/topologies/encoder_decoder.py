"""Sequence to sequence: the last state of the encoder starts the decoder (Sutskever et al. 2014)."""

from __future__ import annotations

import tensorflow as tf

from mtlite.topologies.autoregressive import Autoregressive, Decoded, Memory, State


class EncoderDecoder(Autoregressive):
    """Reads the sequence; remembers each encoder layer's last (h, c); writes with an LSTM over the target so far.

    ```
    target          o o o o
                    ↑ ↑ ↑ ↑
    decoder         o→o→o→o
                  ↗ ↑ ↑ ↑ ↑
    encoder o→o→o   o o o o  target so far
            ↑ ↑ ↑
    source  o o o
    ```

    `layers` in the encoder and as many in the decoder, each of which starts from its own in the encoder (Sutskever et
    al. 2014). Source `[batch, S]` → (h, c) of each layer, `[batch, units]` both; target so far `[batch, T]` → outputs
    `[batch, T, units]` → logits `[batch, T, vocabulary]`. The Keras model that this generalises to any length on both
    sides:

    ```python
    _, h, c = LSTM(units, return_state=True)(source)
    outputs = LSTM(units, return_sequences=True)(target_so_far, initial_state=[h, c])
    logits = Dense(vocabulary)(outputs)
    ```
    """

    def make_layers(self) -> None:
        self.encoder = self.source_stack("encoder", state_only=True)
        self.decoder = self.stack("decoder")

    def read(self, source: tf.Tensor) -> tuple[Memory, State]:
        _, last = self.encode(self.encoder, source)
        return {}, last

    def decode(self, tokens: tf.Tensor, state: State, memory: Memory) -> Decoded:
        outputs, state = self.decoder(self.target_embedding(tokens), state=state)
        return Decoded(outputs, state)
