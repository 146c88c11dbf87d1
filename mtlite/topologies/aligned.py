"""Sequences of equal length: the LSTM's output at each position is written there."""

from __future__ import annotations

import tensorflow as tf

from mtlite.topologies.direct import Direct


class Aligned(Direct):
    """Reads the sequence; remembers the LSTM's output at each position; writes one token per source position.

    ```
    target  o o o o
            ↑ ↑ ↑ ↑
    lstm    o→o→o→o
            ↑ ↑ ↑ ↑
    source  o o o o
    ```

    One stack of `layers`, source `[batch, S]` → logits `[batch, S, vocabulary]`: a tagger. It cannot write more than
    it reads, and in one direction no output knows what follows in the source. In both, it is the network of Graves &
    Schmidhuber (2005), who labelled frames of speech. The Keras model that this generalises:

    ```python
    outputs = LSTM(units, return_sequences=True)(source)
    logits = TimeDistributed(Dense(vocabulary))(outputs)
    ```
    """

    def make_layers(self) -> None:
        self.lstm = self.source_stack("lstm")

    def positions(self, source: tf.Tensor) -> tf.Tensor:
        return self.count(source)

    def features(self, source: tf.Tensor) -> tf.Tensor:
        return self.encode(self.lstm, source)[0]
