"""Input lengthened by blanks: read everything, then write."""

from __future__ import annotations

import tensorflow as tf

from mtlite.topologies.direct import Direct, followed_by_blanks, window


class Padded(Direct):
    """Reads the whole source, then N blanks; remembers the LSTM's state; writes at the blanks.

    ```
    target        o o o o
                  ↑ ↑ ↑ ↑
    lstm    o→o→o→o→o→o→o
            ↑ ↑ ↑ ↑ ↑ ↑ ↑
    source  o o o · · · ·
    ```

    The blanks (`·`) are zero vectors that are not trained, and start where each row ends. One stack of `layers` reads
    and writes: source `[batch, S]` → S + N steps → logits `[batch, N, vocabulary]`. From the advice to lengthen
    the input by N vectors of zeros (stackoverflow.com/questions/43034960, 2017); the Keras model that this generalises:

    ```python
    outputs = LSTM(units, return_sequences=True)(ZeroPadding1D((0, n))(source))
    logits = TimeDistributed(Dense(vocabulary))(outputs[:, -n:])
    ```
    """

    def make_layers(self) -> None:
        self.lstm = self.stack("lstm")

    def features(self, source: tf.Tensor) -> tf.Tensor:
        read, written = self.count(source), self.positions(source)
        inputs = followed_by_blanks(self.source_embedding(source), read, read + written)
        return window(self.lstm(inputs)[0], read, written)
