"""What somebody writes who follows the Keras guides: functional API, `compile`, `fit`.

It differs from the other contenders in two ways: its head has a matrix of its own and does not share the embeddings'
one, and its labels are not smoothed, since this loss of Keras has no smoothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from contenders.sizes import Sizes
from mtlite.data.batches import Batch
from mtlite.data.ids import BOS, PAD


def plain_model(sizes: Sizes) -> keras.Model:
    """Bidirectional encoder, LSTM decoder with `keras.layers.Attention`; masks found by `mask_zero`."""
    layers = keras.layers
    source = layers.Input([None], dtype="int32")
    target = layers.Input([None], dtype="int32")
    embedding = layers.Embedding(sizes.vocabulary, sizes.embedding, mask_zero=True)
    x = layers.Dropout(sizes.dropout)(embedding(source))
    states: list[Any] = []
    for _ in range(sizes.layers):
        lstm = layers.LSTM(sizes.units // 2, return_sequences=True, return_state=True)
        x, h, c, h_back, c_back = layers.Bidirectional(lstm)(x)
        states.append([layers.Concatenate()([h, h_back]), layers.Concatenate()([c, c_back])])
        x = layers.Dropout(sizes.dropout)(x)
    encoded = x
    y = layers.Dropout(sizes.dropout)(embedding(target))
    y = layers.LSTM(sizes.units, return_sequences=True)(y, initial_state=states[0])
    queries = layers.Dropout(sizes.dropout)(y)
    context = layers.Attention()([queries, encoded, layers.Dense(sizes.units, use_bias=False)(encoded)])
    y = queries
    for state in states[1:]:
        y = layers.Concatenate()([y, context])
        y = layers.LSTM(sizes.units, return_sequences=True)(y, initial_state=state)
        y = layers.Dropout(sizes.dropout)(y)
    y = layers.Dense(sizes.embedding)(layers.Concatenate()([y, context]))
    logits = layers.Dense(sizes.vocabulary)(y)
    return keras.Model([source, target], logits)


class PlainKeras:
    """`compile` and `fit` of the plain model, without XLA: it would compile once for every shape.

    Args:
        sizes: of the model.
        threads: 0 leaves them to TensorFlow, which takes all.
    """

    def __init__(self, sizes: Sizes, threads: int) -> None:
        if threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        self.model = plain_model(sizes)
        self.model.compile(
            optimizer=keras.optimizers.Adam(sizes.learning_rate, global_clipnorm=1.0),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=PAD),
            jit_compile=False,
        )

    def train(self, batches: Sequence[Batch]) -> float:
        """Train on all batches; gives the seconds."""
        ids = tf.TensorSpec([None, None], tf.int32)

        def examples() -> Iterator[Any]:
            for source, target in batches:
                begin = np.full((len(target), 1), BOS, np.int32)
                yield (source, np.concatenate([begin, target[:, :-1]], axis=1)), target

        data = tf.data.Dataset.from_generator(examples, output_signature=((ids, ids), ids)).prefetch(2)
        start = time.perf_counter()
        self.model.fit(data, verbose=0)
        return time.perf_counter() - start
