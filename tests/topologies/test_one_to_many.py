"""One-to-many reads a bag of words."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from small_models import build, build_plain, keras_lstm

from mtlite.data.ids import EOS


def test_is_the_keras_model() -> None:
    model, source = build_plain("one-to-many"), np.array([[5, 6, EOS]])
    bag = tf.reduce_mean(model.source_embedding(source), axis=1)
    expected = model.head(keras_lstm(model.decoder.lstms[0][0])(tf.repeat(bag[:, None], 5, axis=1)))  # N = S + 2
    np.testing.assert_allclose(model((source, source)), expected, atol=1e-6)


def test_one_to_many_has_lost_the_order() -> None:
    model = build("one-to-many")
    logits = model((np.array([[5, 6, 7, EOS], [7, 5, 6, EOS]]), np.array([[EOS], [EOS]])))
    np.testing.assert_allclose(logits[0], logits[1], atol=1e-6)
