"""The encoder-decoder is the Keras model of its docstring."""

from __future__ import annotations

import numpy as np
from small_models import build_plain, keras_lstm

from mtlite.data.ids import BOS, EOS

SOURCE = np.array([[5, 6, 7, EOS]])
TARGET = np.array([[8, 9, EOS]])
SO_FAR = np.array([[BOS, 8, 9]])


def test_is_the_keras_model() -> None:
    model = build_plain("encoder-decoder")
    _, *state = keras_lstm(model.encoder.lstms[0][0], return_state=True)(model.source_embedding(SOURCE))
    outputs = keras_lstm(model.decoder.lstms[0][0])(model.target_embedding(SO_FAR), initial_state=state)
    np.testing.assert_allclose(model((SOURCE, TARGET)), model.head(outputs), atol=1e-6)
