"""Encoder-decoder whose decoder sees the encoder's last output at every step (Cho et al. 2014)."""

from __future__ import annotations

import tensorflow as tf

from mtlite.topologies.autoregressive import Autoregressive, Decoded, Memory, State


class Peek(Autoregressive):
    """Reads the sequence; remembers (h, c) and keeps the top h in sight; writes with an LSTM over the target so far.

    ```
    target            o o o o
                      ↑ ↑ ↑ ↑
    last h      ┌───→ h h h h
                │     ↑ ↑ ↑ ↑
    decoder     │     o→o→o→o
                │   ↗ ↑ ↑ ↑ ↑
    last h      ├───→ h h h h
                │     ↑ ↑ ↑ ↑
    encoder o→o→o     o o o o  target so far
            ↑ ↑ ↑
    source  o o o
    ```

    The encoder's last h of the top layer joins every input of the decoder and every input of the head (Cho et al.
    2014); all else is `encoder-decoder`. Source `[batch, S]` → (h, c) of each layer, `[batch, units]` both; target so
    far with h `[batch, T, embedding_size + units]` → outputs with h `[batch, T, 2 · units]` → logits `[batch, T,
    vocabulary]`. The Keras model that this generalises:

    ```python
    _, h, c = LSTM(units, return_state=True)(source)
    context = RepeatVector(t)(h)
    outputs = LSTM(units, return_sequences=True)(
        Concatenate()([target_so_far, context]), initial_state=[h, c]
    )
    logits = Dense(vocabulary)(Concatenate()([outputs, context]))
    ```
    """

    def make_layers(self) -> None:
        self.encoder = self.source_stack("encoder", state_only=True)
        self.decoder = self.stack("decoder")

    def read(self, source: tf.Tensor) -> tuple[Memory, State]:
        _, last = self.encode(self.encoder, source)
        return {"context": self.dropout(last[-1][0], "memory_dropout")}, last

    def decode(self, tokens: tf.Tensor, state: State, memory: Memory) -> Decoded:
        context = self.at_each(tokens, memory["context"])
        outputs, state = self.decoder(tf.concat([self.target_embedding(tokens), context], axis=-1), state=state)
        return Decoded(tf.concat([outputs, context], axis=-1), state)
