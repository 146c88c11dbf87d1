"""Padded is the Keras model of its docstring; blanks start where each row ends."""

from __future__ import annotations

import keras
import numpy as np
from small_models import build_plain, keras_lstm

from mtlite.data.ids import EOS


def test_is_the_keras_model() -> None:
    model, source = build_plain("padded"), np.array([[5, 6, 7, EOS]])
    inputs = keras.layers.ZeroPadding1D((0, 6))(model.source_embedding(source))  # N = S + 2
    outputs = keras_lstm(model.lstm.lstms[0][0])(inputs)
    np.testing.assert_allclose(model((source, source)), model.head(outputs[:, -6:]), atol=1e-6)
