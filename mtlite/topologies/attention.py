"""Encoder-decoder with a look back at every position (Bahdanau et al. 2015; Luong et al. 2015)."""

from __future__ import annotations

import tensorflow as tf

from mtlite.layers.attention import AttentionLayer
from mtlite.topologies.autoregressive import Autoregressive, Decoded, Memory, State


class Attention(Autoregressive):
    """Reads the sequence; remembers (h, c) and every encoder output; writes with an LSTM that looks back.

    ```
    target            o o o o
                      ↑ ↑ ↑ ↑
    context   ┌─────→ o o o o  weighted means of all encoder outputs
              │       ↑ ↑ ↑ ↑
    decoder   │       o→o→o→o
            ┌─┼─┐   ↗ ↑ ↑ ↑ ↑
    encoder o→o→o     o o o o  target so far
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

    def make_layers(self) -> None:
        self.encoder = self.source_stack("encoder")
        self.decoder = self.stack("decoder", layers=1)
        self.above = self.stack("above", layers=self.config.layers - 1)
        self.attention = AttentionLayer(
            self.config.attention, self.config.units, self.config.attention_heads, name="attention"
        )

    def read(self, source: tf.Tensor) -> tuple[Memory, State]:
        outputs, last = self.encode(self.encoder, source)
        return self.attention.look_at(outputs, self.mask(source)), last

    def decode(self, tokens: tf.Tensor, state: State, memory: Memory) -> Decoded:
        outputs, first = self.decoder(self.target_embedding(tokens), state=state[:1])
        context, attention = self.attention(outputs, memory)
        outputs, above = (
            self.above(tf.concat([outputs, context], axis=-1), state=state[1:]) if state[1:] else (outputs, [])
        )
        return Decoded(tf.concat([outputs, context], axis=-1), [*first, *above], attention)
