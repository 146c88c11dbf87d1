"""Vector-dense is the Keras model of its docstring, with one number of positions for all."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from small_models import LENGTHS, build_plain, keras_lstm

from mtlite.data.ids import EOS, PAD


def test_is_the_keras_model() -> None:
    model, source = build_plain("vector-dense"), np.array([[5, 6, 7, EOS]])
    h = keras_lstm(model.encoder.lstms[0][0])(model.source_embedding(source))[:, -1]
    expected = model.head(tf.reshape(model.all_positions(h), [1, LENGTHS.fixed, -1]))
    np.testing.assert_allclose(model((source, source)), expected, atol=1e-6)


def test_positions() -> None:
    positions = build_plain("vector-dense").positions(np.array([[5, 6, EOS], [EOS, PAD, PAD]]))
    assert positions.numpy().tolist() == [LENGTHS.fixed] * 2
