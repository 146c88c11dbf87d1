"""One vector in, a sequence out."""

from __future__ import annotations

import tensorflow as tf

from mtlite.topologies.direct import Direct, copies


class OneToMany(Direct):
    """Reads the source as one vector, its mean embedding; repeats it N times; writes with an LSTM over the copies.

    ```
    target      o o o o
                ↑ ↑ ↑ ↑
    decoder     o→o→o→o
                ↑ ↑ ↑ ↑
    mean        o o o o
              ↗
    source  o o o
    ```

    The mean is a bag of words: the order of the source is lost before the first LSTM. `layers` counts the decoder's.
    Source `[batch, S]` → mean `[batch, embedding_size]` → logits `[batch, N, vocabulary]`. From the one-to-many picture
    of Karpathy (2015), in which one image gives a sentence; the Keras model that this generalises to any length:

    ```python
    bag = GlobalAveragePooling1D()(Embedding(vocabulary, embedding_size)(source))
    outputs = LSTM(units, return_sequences=True)(RepeatVector(n)(bag))
    logits = TimeDistributed(Dense(vocabulary))(outputs)
    ```
    """

    def make_layers(self) -> None:
        self.decoder = self.stack("decoder")

    def features(self, source: tf.Tensor) -> tf.Tensor:
        embedded = tf.cast(self.source_embedding(source), tf.float32)
        counted = tf.cast(self.mask(source), tf.float32)[..., None]
        mean = tf.reduce_sum(embedded * counted, axis=1) / tf.reduce_sum(counted, axis=1)
        return self.decoder(copies(mean, self.positions(source)))[0]
