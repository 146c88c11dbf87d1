"""One token in, one token out: no sequence is processed."""

from __future__ import annotations

import tensorflow as tf

from mtlite.topologies.direct import Direct


class OneToOne(Direct):
    """Reads each token alone; remembers its vector; writes one token per source position.

    ```
    target  o   o   o
            ↑   ↑   ↑
    dense   o   o   o
            ↑   ↑   ↑
    source  o   o   o
    ```

    An LSTM without recurrence is left: `layers` × `Dense(units, tanh)` at each position, source `[batch, S]` →
    logits `[batch, S, vocabulary]`. It knows neither order nor neighbours, and cannot write more than it reads. From
    the one-to-one picture of Karpathy (2015); the Keras model that this generalises:

    ```python
    hidden = Dense(units, activation="tanh")(Embedding(vocabulary, embedding_size)(source))
    logits = Dense(vocabulary)(hidden)
    ```
    """

    def make_layers(self) -> None:
        self.hidden = self.dense_stack("hidden")

    def positions(self, source: tf.Tensor) -> tf.Tensor:
        return self.count(source)

    def features(self, source: tf.Tensor) -> tf.Tensor:
        return self.hidden(self.source_embedding(source))
