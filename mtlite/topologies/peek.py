"""Encoder-decoder whose decoder sees the encoder's last output at every step (Cho et al. 2014)."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from mtlite.topologies.autoregressive import Autoregressive, Decoded, Memory


@keras.saving.register_keras_serializable("mtlite")
class Peek(Autoregressive):
    """Reads the sequence; remembers (h, c) and keeps the top h in sight; writes with an LSTM over the target so far.

    ```
    target          o o o o
                    ↑ ↑ ↑ ↑
    decoder         o→o→o→o
                  ↗ ↑ ↑ ↑ ↑
    encoder o→o→o   o o o o  target so far, with h
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

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.encoder = self.stack("encoder", bidirectional=self.config["bidirectional"], state_only=True)
        self.memory_dropout = self.dropout("memory_dropout")
        self.decoder = self.stack("decoder")

    def read(self, source: tf.Tensor, noise: tf.Tensor | None = None) -> tuple[Memory, Any]:
        _, last = self.encoder(self.source_embedding(source, noise=noise), mask=self.mask(source), noise=noise)
        return {"context": self.memory_dropout(last[-1][0], noise=noise)}, last

    def decode(self, tokens: tf.Tensor, state: Any, memory: Memory, noise: tf.Tensor | None = None) -> Decoded:
        embedded = self.target_embedding(tokens, noise=noise)
        context = tf.cast(memory["context"], embedded.dtype)
        context = tf.repeat(context, tf.shape(tokens)[0] // tf.shape(context)[0], axis=0)
        context = tf.tile(context[:, None], [1, tf.shape(tokens)[1], 1])
        outputs, state = self.decoder(tf.concat([embedded, context], axis=-1), state=state, noise=noise)
        return Decoded(tf.concat([outputs, context], axis=-1), state, None)
