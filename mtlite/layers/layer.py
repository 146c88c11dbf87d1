"""What all our layers but the LSTM share."""

from __future__ import annotations

from typing import Any

import keras


class Layer(keras.layers.Layer):
    """A layer with float32 weights whose inputs keep their dtype, whatever Keras' global policy says."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(autocast=False, **{"dtype": "float32", **kwargs})
