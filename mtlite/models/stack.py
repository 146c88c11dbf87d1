"""Layers of LSTMs on top of each other."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from mtlite.models.dropout import Dropout
from mtlite.models.lstm import LSTM

State = list[list[tf.Tensor]]  # for each layer h and c, each [batch, units] float32


@keras.saving.register_keras_serializable("mtlite")
class LSTMStack(keras.layers.Layer):
    """`layers` × `LSTM(units)`, with dropout, layer normalisation and residual connections where asked for.

    Args:
        units: size of every layer's output; with two directions each has half of it.
        layers: how many.
        bidirectional: read in both directions and join the outputs.
        dropout: share of each layer's output set to zero.
        layer_normalization: normalise each layer's output.
        residual: add a layer's input to its output where both have the same size.
        precision: number format of products.
    """

    def __init__(
        self,
        units: int,
        layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        layer_normalization: bool = False,
        residual: bool = False,
        precision: str = "float32",
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        if bidirectional and units % 2:
            raise ValueError(f"Expected an even number of units for two directions. Received: units={units}")
        self.supports_masking = True  # masks come as an argument; Keras need not warn that it drops its own
        self.units, self.layers, self.bidirectional = units, layers, bidirectional
        self.layer_normalization, self.residual, self.precision = layer_normalization, residual, precision
        directions = 2 if bidirectional else 1
        dtype = "float32" if precision == "float32" else f"mixed_{precision}"
        self.lstms = [
            [
                LSTM(units // directions, name=f"{self.name}_{layer}{'_backwards' if backwards else ''}", dtype=dtype)
                for backwards in range(directions)
            ]
            for layer in range(layers)
        ]
        self.dropouts = [Dropout(dropout, name=f"{self.name}_{layer}_dropout") for layer in range(layers)]
        self.norms = [
            keras.layers.LayerNormalization(name=f"{self.name}_{layer}_norm")
            for layer in range(layers if layer_normalization else 0)
        ]

    def build(self, input_shape: Any) -> None:
        size = input_shape[-1]
        for layer in self.lstms:
            for lstm in layer:
                lstm.build((None, None, size))
            size = self.units
        for norm in self.norms:
            norm.build((None, None, self.units))
        self.built = True

    def call(
        self,
        x: tf.Tensor,
        mask: tf.Tensor | None = None,
        state: State | None = None,
        noise: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, State]:
        """Run over whole sequences.

        Args:
            x: `[batch, length, input size]`.
            mask: `[batch, length]`, True where a position counts; None if all do, or if those that do not count only
                follow those that do and nobody looks at their outputs or at the last state.
            state: where each layer starts (one direction only); zeros if None.
            noise: seed of the dropout, or None.

        Returns:
            Outputs `[batch, length, units]`, and each layer's last h and c (directions joined) `[batch, units]`.
        """
        x = tf.transpose(x, [1, 0, 2])
        steps = None if mask is None else tf.cast(tf.transpose(mask), tf.float32)[..., None]
        last: State = []
        for layer, directions in enumerate(self.lstms):
            start = None if state is None else state[layer]
            results = [
                lstm.time_major(x, steps, start, backwards=bool(backwards)) for backwards, lstm in enumerate(directions)
            ]
            outputs, h, c = (
                parts[0] if len(parts) == 1 else tf.concat(parts, -1) for parts in zip(*results, strict=True)
            )
            last.append([h, c])
            if self.residual and x.shape[-1] == self.units:
                outputs += tf.cast(x, outputs.dtype)
            if self.norms:
                outputs = self.norms[layer](outputs)
            x = self.dropouts[layer](outputs, noise=noise)
        return tf.transpose(x, [1, 0, 2]), last

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "layers": self.layers,
            "bidirectional": self.bidirectional,
            "dropout": self.dropouts[0].rate if self.dropouts else 0.0,
            "layer_normalization": self.layer_normalization,
            "residual": self.residual,
            "precision": self.precision,
        }
