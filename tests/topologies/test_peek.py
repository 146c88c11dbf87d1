"""Peek is the Keras model of its docstring: h is in sight at every step."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from small_models import build_plain, keras_lstm

from mtlite.data.ids import BOS, EOS

SOURCE = np.array([[5, 6, 7, EOS]])
TARGET = np.array([[8, 9, EOS]])
SO_FAR = np.array([[BOS, 8, 9]])


def test_is_the_keras_model() -> None:
    model = build_plain("peek")
    _, h, c = keras_lstm(model.encoder.lstms[0][0], return_state=True)(model.source_embedding(SOURCE))
    context = tf.repeat(h[:, None], 3, axis=1)
    inputs = tf.concat([model.target_embedding(SO_FAR), context], axis=-1)
    outputs = keras_lstm(model.decoder.lstms[0][0])(inputs, initial_state=[h, c])
    np.testing.assert_allclose(model((SOURCE, TARGET)), model.head(tf.concat([outputs, context], -1)), atol=1e-6)
