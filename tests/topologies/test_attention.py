"""Attention is the Keras model of its docstring, and says where it looked."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from small_models import build_plain, keras_lstm

from mtlite.data.ids import BOS, EOS, PAD

SOURCE = np.array([[5, 6, 7, EOS]])
TARGET = np.array([[8, 9, EOS]])
SO_FAR = np.array([[BOS, 8, 9]])


def test_is_the_keras_model() -> None:
    model = build_plain("attention", attention="dot")
    encoded, *state = keras_lstm(model.encoder.lstms[0][0], return_state=True)(model.source_embedding(SOURCE))
    queries = keras_lstm(model.decoder.lstms[0][0])(model.target_embedding(SO_FAR), initial_state=state)
    context = keras.layers.Attention()([queries * queries.shape[-1] ** -0.5, encoded])
    np.testing.assert_allclose(model((SOURCE, TARGET)), model.head(tf.concat([queries, context], -1)), atol=1e-6)


def test_it_looks_at_tokens_alone() -> None:
    model = build_plain("attention", layers=2)
    memory, state = model.read(np.array([[5, 6, EOS, PAD, PAD]]))
    attention = model.decode(SO_FAR, state, memory).attention.numpy()
    assert attention.shape == (1, 3, 5)
    assert not attention[..., 3:].any()
    np.testing.assert_allclose(attention.sum(-1), 1.0, atol=1e-6)
