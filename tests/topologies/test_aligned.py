"""Aligned writes at every position what it has read until there."""

from __future__ import annotations

import numpy as np
from small_models import build, build_plain, keras_lstm

from mtlite.data.ids import EOS


def test_is_the_keras_model() -> None:
    model, source = build_plain("aligned"), np.array([[5, 6, 7, EOS]])
    expected = model.head(keras_lstm(model.lstm.lstms[0][0])(model.source_embedding(source)))
    np.testing.assert_allclose(model((source, source)), expected, atol=1e-6)


def test_one_direction_writes_before_it_reads() -> None:
    """The first output of a one-way `aligned` knows the first word alone; that of a two-way one knows them all."""
    first, second = np.array([[4, 5, EOS]]), np.array([[4, 6, EOS]])
    for bidirectional in (False, True):
        model = build("aligned", bidirectional=bidirectional)
        same = np.array_equal(model((first, first))[:, 0], model((second, first))[:, 0])
        assert same is not bidirectional
