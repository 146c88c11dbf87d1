"""Repeat-vector is the Keras model of its docstring."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from small_models import build_plain, keras_lstm

from mtlite.data.ids import EOS

SOURCE = np.array([[5, 6, 7, EOS]])


def test_is_the_keras_model() -> None:
    model = build_plain("repeat-vector")
    encoded = keras_lstm(model.encoder.lstms[0][0])(model.source_embedding(SOURCE))
    copies = tf.repeat(encoded[:, -1:], 6, axis=1)  # N = S + 2
    expected = model.head(keras_lstm(model.decoder.lstms[0][0])(copies))
    np.testing.assert_allclose(model((SOURCE, SOURCE)), expected, atol=1e-6)
