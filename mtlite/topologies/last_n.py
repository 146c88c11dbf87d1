"""Input longer than output: the last N outputs of an LSTM are the translation."""

from __future__ import annotations

import tensorflow as tf

from mtlite.topologies.direct import Direct, followed_by_blanks, window


class LastN(Direct):
    """Reads the sequence; waits; remembers the LSTM's state; writes the last N of its steps.

    ```
    target        o o o
                  ↑ ↑ ↑
    lstm    o→o→o→o→o→o
            ↑ ↑ ↑ ↑ ↑
    source  o o o o o ·
    ```

    Of a source of S tokens, `wait` · S (rounded up) are read before writing starts. The stack of `layers` runs
    max(S, wait + N) steps, over blanks (`·`, zero vectors that are not trained) after the source, and the last N are
    written: source `[batch, S]` → logits `[batch, N, vocabulary]`. `wait` 0 is `aligned` with room at the end, `wait`
    1 is `padded` (with the half that is the default, no source of two tokens or more coincides with either), and a
    source that is longer than waiting and writing gives the Keras model that this generalises
    (stackoverflow.com/questions/43034960, 2017):

    ```python
    outputs = LSTM(units, return_sequences=True)(source)
    last = Lambda(lambda x: x[:, -n:, :])(outputs)
    logits = TimeDistributed(Dense(vocabulary))(last)
    ```
    """

    def make_layers(self) -> None:
        self.lstm = self.stack("lstm")

    def features(self, source: tf.Tensor) -> tf.Tensor:
        read, written = self.count(source), self.positions(source)
        wait = tf.cast(tf.math.ceil(self.config.wait * tf.cast(read, tf.float32) - 1e-4), tf.int32)
        steps = tf.maximum(read, wait + written)
        inputs = followed_by_blanks(self.source_embedding(source), read, steps)
        return window(self.lstm(inputs)[0], steps - written, written)
