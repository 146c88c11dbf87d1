"""Encoder-decoder with a look back at every position (Bahdanau et al. 2015; Luong et al. 2015)."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from mtlite.layers.attention import AttentionLayer
from mtlite.topologies.autoregressive import Autoregressive, Decoded, Memory


@keras.saving.register_keras_serializable("mtlite")
class Attention(Autoregressive):
    """Reads the sequence; remembers (h, c) and every encoder output; writes with an LSTM that looks back.

    ```
    target          o o o o
                    ↑ ↑ ↑ ↑
    context         o o o o  means of encoder outputs
                    ↑ ↑ ↑ ↑
    decoder         o→o→o→o
                  ↗ ↑ ↑ ↑ ↑
    encoder o→o→o   o o o o  target so far
            ↑ ↑ ↑
    source  o o o
    ```

    The first decoder layer looks back; the context joins the layer above it and the head (Bahdanau et al. 2015; Luong
    et al. 2015). It is not fed back into the first layer, so that training runs over whole sequences. Source `[batch,
    S]` → encoder outputs `[batch, S, units]`; target so far `[batch, T]` → queries `[batch, T, units]` → weights
    `[batch, T, S]` → context `[batch, T, units]` → logits `[batch, T, vocabulary]`. The Keras model that this
    generalises:

    ```python
    encoded, h, c = LSTM(units, return_sequences=True, return_state=True)(source)
    queries = LSTM(units, return_sequences=True)(target_so_far, initial_state=[h, c])
    context = Attention()([queries, encoded])
    logits = Dense(vocabulary)(Concatenate()([queries, context]))
    ```
    """

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.encoder = self.stack("encoder", bidirectional=self.config["bidirectional"])
        self.decoder = self.stack("decoder", layers=1)
        self.above = self.stack("above", layers=self.layers_per_side - 1)
        self.attention = AttentionLayer(self.config["attention"], self.units, name="attention")

    def read(self, source: tf.Tensor, noise: tf.Tensor | None = None) -> tuple[Memory, Any]:
        mask = self.mask(source)
        values, last = self.encoder(self.source_embedding(source, noise=noise), mask=mask, noise=noise)
        if not self.attention.built:
            self.attention.build()
        return {"values": values, "keys": self.attention.keys(values), "mask": mask}, last

    def decode(self, tokens: tf.Tensor, state: Any, memory: Memory, noise: tf.Tensor | None = None) -> Decoded:
        outputs, first = self.decoder(self.target_embedding(tokens, noise=noise), state=state[:1], noise=noise)
        # Hypotheses of a sentence look back together: their queries are rows of one product.
        queries = tf.reshape(outputs, [tf.shape(memory["keys"])[0], -1, self.units])
        context, weights = self.attention(queries, memory["keys"], memory["values"], memory["mask"])
        rows, columns = tf.unstack(tf.shape(tokens))
        context = tf.reshape(context, [rows, columns, self.units])
        weights = tf.reshape(weights, [rows, columns, tf.shape(weights)[-1]])
        above: list[Any] = []
        if self.layers_per_side > 1:
            outputs, above = self.above(tf.concat([outputs, context], axis=-1), state=state[1:], noise=noise)
        return Decoded(tf.concat([outputs, context], axis=-1), [*first, *above], weights)
