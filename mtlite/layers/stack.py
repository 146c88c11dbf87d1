"""Layers on top of each other."""

from __future__ import annotations

import abc
from typing import Any

import keras
import tensorflow as tf

from mtlite.layers.dropout import dropout
from mtlite.layers.layer import Layer
from mtlite.layers.lstm import LSTM

State = list[list[tf.Tensor]]  # for each layer h and c, each [batch, units] float32


def policy(precision: str) -> str:
    """Name the Keras policy for products in `precision` with float32 weights."""
    return "float32" if precision == "float32" else f"mixed_{precision}"


class Stack(Layer):
    """What stacks share: dropout, layer normalisation and residual connections after every layer.

    Args:
        residual: add a layer's input to its output where both have the same size.
        precision: dtype of products.
        state_only: only the state of the top layer is used, not its outputs: it gets no normalisation.
    """

    def __init__(
        self,
        units: int,
        layers: int = 1,
        dropout: float = 0.0,
        layer_normalization: bool = False,
        residual: bool = False,
        precision: str = "float32",
        state_only: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units, self.layers, self.dropout, self.state_only = units, layers, dropout, state_only
        self.layer_normalization, self.residual, self.precision = layer_normalization, residual, precision
        self.norms = [
            keras.layers.LayerNormalization(name=f"{self.name}_{layer}_norm", dtype="float32")
            for layer in range(layers - state_only if layer_normalization else 0)
        ]

    def build(self, input_shape: Any) -> None:
        size = input_shape[-1]
        for layer in range(self.layers):
            self.build_layer(layer, (None, None, size))
            size = self.units
        for norm in self.norms:
            norm.build((None, None, self.units))
        self.built = True

    def compute_mask(self, inputs: Any, previous_mask: Any) -> None:
        """Masks are passed by hand: Keras attaches none to the outputs."""

    @abc.abstractmethod
    def build_layer(self, layer: int, input_shape: Any) -> None:
        """Create the weights of one layer."""

    def after(self, layer: int, x: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        """What follows one layer, whose input was `x`."""
        if self.residual and x.shape[-1] == self.units:
            outputs += tf.cast(x, outputs.dtype)
        if layer < len(self.norms):
            outputs = tf.cast(self.norms[layer](outputs), outputs.dtype)
        return dropout(outputs, self.dropout, f"{self.name}_{layer}_dropout")


@keras.saving.register_keras_serializable("mtlite")
class DenseStack(Stack):
    """`layers` × `Dense(units, tanh)` at every position alone: an `LSTMStack` without recurrence."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.denses = [
            keras.layers.Dense(units, "tanh", name=f"{self.name}_{layer}", dtype=policy(self.precision))
            for layer in range(self.layers)
        ]

    def build_layer(self, layer: int, input_shape: Any) -> None:
        self.denses[layer].build(input_shape)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """`[batch, length, input size]` → `[batch, length, units]`."""
        for layer, dense in enumerate(self.denses):
            x = self.after(layer, x, dense(x))
        return x


@keras.saving.register_keras_serializable("mtlite")
class LSTMStack(Stack):
    """`layers` × `LSTM(units)`; if `bidirectional`, of `units` / 2 in each direction, with the outputs joined."""

    def __init__(self, units: int, bidirectional: bool = False, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        directions = ["", "_backwards"] if bidirectional else [""]
        size, dtype = units // len(directions), policy(self.precision)
        self.lstms = [
            [LSTM(size, name=f"{self.name}_{layer}{direction}", dtype=dtype) for direction in directions]
            for layer in range(self.layers)
        ]

    def build_layer(self, layer: int, input_shape: Any) -> None:
        for lstm in self.lstms[layer]:
            lstm.build(input_shape)

    def call(self, x: tf.Tensor, mask: tf.Tensor | None = None, state: State | None = None) -> tuple[tf.Tensor, State]:
        """Run over whole sequences.

        Args:
            x: `[batch, length, input size]`.
            mask: `[batch, length]`, True where a position counts. May be None if padding is on the right only and
                neither its outputs nor the last state are used.
            state: where each layer starts (one direction only); zeros if None.

        Returns:
            Outputs `[batch, length, units]`, and each layer's last h and c (directions joined) `[batch, units]`.
        """
        x = tf.transpose(x, [1, 0, 2])
        steps = None if mask is None else tf.cast(tf.transpose(mask), tf.float32)[..., None]
        last: State = []
        for layer, directions in enumerate(self.lstms):
            start = None if state is None else state[layer]
            each = [lstm.time_major(x, steps, start, bool(backwards)) for backwards, lstm in enumerate(directions)]
            outputs, h, c = each[0] if len(each) == 1 else (tf.concat(part, -1) for part in zip(*each, strict=True))
            last.append([h, c])
            x = self.after(layer, x, outputs)
        return tf.transpose(x, [1, 0, 2]), last
