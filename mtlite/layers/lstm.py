"""An LSTM layer that computes its own gradient, several times as fast on a processor as differentiating a loop.

The input projection of all steps is one product. The forward loop then does one product a step and keeps the gates;
the backward loop does one product a step; the gradients of the weights and of the input are one product each, after
the loop (Appleyard et al. 2016 describe the same arrangement for GPUs). Any length, no compilation.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from mtlite.layers.dtypes import in_dtype


def _dot(a: tf.Tensor, b: tf.Tensor, **transposed: bool) -> tf.Tensor:
    """Product of two matrices in the dtype of `b`, given in float32."""
    return tf.cast(tf.matmul(tf.cast(a, b.dtype), b, **transposed), tf.float32)


class Weights(NamedTuple):
    """Of one layer; gates in the order input, forget, cell, output."""

    kernel: tf.Tensor  # [input size, 4 · units]
    recurrent_kernel: tf.Tensor  # [units, 4 · units]
    bias: tf.Tensor  # [4 · units]


class _Kept(NamedTuple):
    """What the backward pass needs: of one step `[batch, units]`, of all `[length, batch, units]`."""

    i: tf.Tensor
    f: tf.Tensor
    g: tf.Tensor
    o: tf.Tensor
    tanh_c: tf.Tensor
    c_before: tf.Tensor
    outputs: tf.Tensor  # in the dtype of products


def _one_step(z: tf.Tensor, c: tf.Tensor) -> tuple[tuple[tf.Tensor, ...], tf.Tensor, tf.Tensor]:
    """One step, from z, both products and the bias summed `[batch, 4 · units]`, and the cell state before it.

    Returns:
        The gates i, f, g, o and tanh(c), the new h and the new c; all `[batch, units]`.
    """
    z_i, z_f, z_g, z_o = tf.split(z, 4, axis=1)
    i, f, g, o = tf.sigmoid(z_i), tf.sigmoid(z_f), tf.tanh(z_g), tf.sigmoid(z_o)
    new_c = f * c + i * g
    tanh_c = tf.tanh(new_c)
    return (i, f, g, o, tanh_c), o * tanh_c, new_c


OutputsAndState = tuple[tf.Tensor, tf.Tensor, tf.Tensor]
"""Outputs `[length, batch, units]` in the dtype of products, and the last h and c, each `[batch, units]` float32."""


class _Steps(NamedTuple):
    """The steps over a sequence."""

    length: tf.Tensor
    mask: tf.Tensor | None  # [length, batch, 1] float32
    backwards: bool

    def position(self, step: tf.Tensor) -> tf.Tensor:
        return self.length - 1 - step if self.backwards else step


def whole_sequence(
    inputs: tf.Tensor,
    weights: Weights,
    h: tf.Tensor,
    c: tf.Tensor,
    mask: tf.Tensor | None = None,
    backwards: bool = False,
) -> OutputsAndState:
    """Hochreiter & Schmidhuber's LSTM (1997; forget gate: Gers et al. 2000) over time-major sequences.

    Args:
        inputs: `[length, batch, input size]`, float32 or bfloat16: the dtype of all products; all else is float32.
        h: initial output `[batch, units]`; `c` is the initial cell state.
        mask: `[length, batch, 1]`, 1 where a step counts; a masked step hands its state and output on.
        backwards: start at the last position. Outputs stand at the position of their input either way.
    """

    @tf.custom_gradient
    def run(
        inputs: tf.Tensor, kernel: tf.Tensor, recurrent_kernel: tf.Tensor, bias: tf.Tensor, h0: tf.Tensor, c0: tf.Tensor
    ) -> Any:
        steps = _Steps(tf.shape(inputs)[0], mask, backwards)
        cast = Weights(tf.cast(kernel, inputs.dtype), tf.cast(recurrent_kernel, inputs.dtype), bias)
        kept, h_last, c_last = _forward(steps, inputs, cast, h0, c0)

        def gradient(d_outputs: tf.Tensor, d_h: tf.Tensor, d_c: tf.Tensor) -> Any:
            d_z, d_h, d_c = _backward(steps, cast.recurrent_kernel, kept, (d_outputs, d_h, d_c))
            start = tf.cast(h0, inputs.dtype)[None]
            before = [kept.outputs[1:], start] if backwards else [start, kept.outputs[:-1]]
            return *_through_products(d_z, inputs, tf.concat(before, axis=0), cast.kernel), d_h, d_c

        return (kept.outputs, h_last, c_last), gradient

    return run(inputs, *weights, h, c)  # type: ignore[no-any-return]


def _forward(
    steps: _Steps, inputs: tf.Tensor, weights: Weights, h: tf.Tensor, c: tf.Tensor
) -> tuple[_Kept, tf.Tensor, tf.Tensor]:
    """All steps, and the last h and c."""
    dtype, batch = inputs.dtype, tf.shape(inputs)[1]
    size, units = weights.kernel.shape[0], weights.recurrent_kernel.shape[0]
    # Products in bfloat16 are faster with a transposed second factor, those in float32 with a plain one.
    across = dtype == tf.bfloat16
    input_factor, step_factor = (tf.transpose(kernel) if across else kernel for kernel in weights[:2])
    projected = _dot(tf.reshape(inputs, [-1, size]), input_factor, transpose_b=across) + weights.bias
    projected = tf.reshape(projected, [steps.length, batch, 4 * units])

    def one(step: tf.Tensor, h: tf.Tensor, c: tf.Tensor, *arrays: tf.TensorArray) -> Any:
        at = steps.position(step)
        gates, new_h, new_c = _one_step(projected[at] + _dot(h, step_factor, transpose_b=across), c)
        if steps.mask is not None:
            new_c = c + steps.mask[at] * (new_c - c)
            new_h = h + steps.mask[at] * (new_h - h)
        values = (*gates, c, tf.cast(new_h, dtype))
        return step + 1, new_h, new_c, *(array.write(at, value) for array, value in zip(arrays, values, strict=True))

    arrays = [tf.TensorArray(each, size=steps.length) for each in (*[tf.float32] * 6, dtype)]
    _, h, c, *arrays = tf.while_loop(
        lambda step, *_: step < steps.length, one, (tf.constant(0), h, c, *arrays), parallel_iterations=1
    )
    # Tensors, not lists: a SavedModel can hold what the gradient needs, and a Jacobian can look into it.
    return _Kept(*(tf.ensure_shape(array.stack(), [None, None, units]) for array in arrays)), h, c


def _backward(
    steps: _Steps, recurrent_kernel: tf.Tensor, kept: _Kept, upstream: tuple[tf.Tensor, tf.Tensor, tf.Tensor]
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Gradients of `z` `[length, batch, 4 · units]` and of the initial h and c.

    `recurrent_kernel` is in the dtype of products; `upstream` are gradients of the outputs and of the last h and c.
    """
    transposed = tf.transpose(recurrent_kernel)
    d_outputs, d_h, d_c = upstream

    def one(step: tf.Tensor, d_h: tf.Tensor, d_c: tf.Tensor, d_gates: tf.TensorArray) -> Any:
        at = steps.position(step)
        i, f, g, o, tanh_c = (gate[at] for gate in kept[:5])
        d_h += tf.cast(d_outputs[at], tf.float32)
        d_new_h, d_new_c = d_h, d_c
        if steps.mask is not None:
            d_new_h, d_new_c = d_h * steps.mask[at], d_c * steps.mask[at]
        d_cell = d_new_c + tf.raw_ops.TanhGrad(y=tanh_c, dy=d_new_h * o)
        d_i = tf.raw_ops.SigmoidGrad(y=i, dy=d_cell * g)
        d_f = tf.raw_ops.SigmoidGrad(y=f, dy=d_cell * kept.c_before[at])
        d_g = tf.raw_ops.TanhGrad(y=g, dy=d_cell * i)
        d_o = tf.raw_ops.SigmoidGrad(y=o, dy=d_new_h * tanh_c)
        d_z = tf.cast(tf.concat([d_i, d_f, d_g, d_o], axis=1), transposed.dtype)
        next_h, next_c = _dot(d_z, transposed), d_cell * f
        if steps.mask is not None:
            next_h, next_c = next_h + d_h - d_new_h, next_c + d_c - d_new_c
        return step - 1, next_h, next_c, d_gates.write(at, d_z)

    d_gates = tf.TensorArray(transposed.dtype, size=steps.length)
    _, d_h, d_c, d_gates = tf.while_loop(
        lambda step, *_: step >= 0, one, (steps.length - 1, d_h, d_c, d_gates), parallel_iterations=1
    )
    return d_gates.stack(), d_h, d_c


def _through_products(
    d_z: tf.Tensor, inputs: tf.Tensor, before: tf.Tensor, kernel: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Gradients of the inputs, the kernel, the recurrent kernel and the bias.

    Args:
        d_z: `[length, batch, 4 · units]`.
        inputs: `[length, batch, input size]`.
        before: the output before each step `[length, batch, units]`.
        kernel: in the dtype of products.
    """
    size, units = kernel.shape[0], kernel.shape[1] // 4
    flat = tf.reshape(d_z, [-1, 4 * units])
    d_recurrent = _dot(tf.reshape(before, [-1, units]), flat, transpose_a=True)
    d_kernel = _dot(tf.reshape(inputs, [-1, size]), flat, transpose_a=True)
    d_inputs = tf.reshape(tf.matmul(flat, kernel, transpose_b=True), tf.shape(inputs))
    # A product adds rows up in float32, in a fraction of the time that the general sum takes.
    d_bias = _dot(tf.ones([1, tf.shape(flat)[0]], flat.dtype), flat)[0]
    return d_inputs, d_kernel, d_recurrent, d_bias


@keras.saving.register_keras_serializable("mtlite")
class LSTM(keras.layers.LSTM):
    """`keras.layers.LSTM` with the gradient above: same weights, arguments, config and values.

    Whatever the fast path does not cover (other activations, dropout inside the layer, `stateful`, `unroll`, a GPU, …)
    runs as `keras.layers.LSTM`. Under a `mixed_bfloat16` policy products are in bfloat16, and states from step to step
    in float32. Unlike there, what stands at a masked step never reaches a gradient, not even if it is NaN.
    """

    def fast(self) -> bool:
        """Whether this layer, as configured and on this machine, computes its own gradient."""
        return (
            # The functions themselves: one of your own may have the same name.
            self.activation in (keras.activations.tanh, keras.ops.tanh, tf.tanh)
            and self.recurrent_activation in (keras.activations.sigmoid, keras.ops.sigmoid, tf.sigmoid)
            and not (self.dropout or self.recurrent_dropout)
            and not (self.stateful or self.unroll or self.use_cudnn is True)
            and self.compute_dtype in ("float32", "bfloat16")
            and self.variable_dtype == "float32"
            and not tf.config.list_logical_devices("GPU")
        )

    def time_major(
        self, sequences: tf.Tensor, mask: tf.Tensor | None, state: list[tf.Tensor] | None, backwards: bool
    ) -> OutputsAndState:
        """`whole_sequence` with this layer's weights: a stack of layers uses it to transpose only once.

        Args:
            sequences: `[length, batch, input size]`.
            mask: `[length, batch, 1]` float32, or None where every step counts.
            state: h and c, each `[batch, units]`; zeros if None.
        """
        if state is None:
            state = [tf.zeros([tf.shape(sequences)[1], self.units])] * 2
        if not self.fast():
            return self._time_major_by_parent(sequences, mask, state, backwards)
        if sequences.shape[0] == 1 and mask is None:
            return self._time_major_in_one_step(sequences, state)
        kernel, recurrent = (in_dtype(each, tf.float32) for each in (self.cell.kernel, self.cell.recurrent_kernel))
        bias = tf.zeros([4 * self.units]) if self.cell.bias is None else in_dtype(self.cell.bias, tf.float32)
        weights = Weights(kernel, recurrent, bias)
        h, c = (tf.cast(part, tf.float32) for part in state)
        return whole_sequence(tf.cast(sequences, self.compute_dtype), weights, h, c, mask, backwards)

    def _time_major_in_one_step(self, sequences: tf.Tensor, state: list[tf.Tensor]) -> OutputsAndState:
        """The same without a loop: a search needs it at every token."""
        h, c = (tf.cast(part, tf.float32) for part in state)
        z = _dot(sequences[0], in_dtype(self.cell.kernel, self.compute_dtype))
        if self.cell.bias is not None:
            z += in_dtype(self.cell.bias, tf.float32)
        _, h, c = _one_step(z + _dot(h, in_dtype(self.cell.recurrent_kernel, self.compute_dtype)), c)
        return tf.cast(h, self.compute_dtype)[None], h, c

    def _time_major_by_parent(
        self, sequences: tf.Tensor, mask: tf.Tensor | None, state: list[tf.Tensor], backwards: bool
    ) -> OutputsAndState:
        sequences = tf.cast(tf.transpose(sequences, [1, 0, 2]), self.compute_dtype)
        mask = None if mask is None else tf.transpose(mask[..., 0] > 0)
        state = [tf.cast(part, self.compute_dtype) for part in state]
        # The parent reads these where it runs. It must be the one to reverse: cuDNN takes right-padded rows only.
        wanted = self.return_sequences, self.go_backwards  # type: ignore[has-type]
        self.return_sequences, self.go_backwards = True, backwards
        try:
            _, outputs, (h, c) = super().inner_loop(sequences, state, mask)
        finally:
            self.return_sequences, self.go_backwards = wanted
        outputs = tf.transpose(tf.reverse(outputs, [1]) if backwards else outputs, [1, 0, 2])
        return outputs, tf.cast(h, tf.float32), tf.cast(c, tf.float32)

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: list[tf.Tensor] | None = None,
        mask: tf.Tensor | None = None,
        training: bool = False,
    ) -> Any:
        """As `keras.layers.LSTM`: `sequences` `[batch, length, input size]`, `mask` `[batch, length]`, True counts."""
        mask = _flat(mask)
        if mask is not None:  # 0 · NaN is NaN: what stands at a masked step must not reach a product
            sequences = tf.where(mask[..., None], sequences, tf.zeros([], sequences.dtype))
        if not self.fast():
            return super().call(sequences, initial_state=initial_state, mask=mask, training=training)
        steps = None if mask is None else tf.transpose(mask)[..., None]
        state = None if initial_state is None else list(initial_state)
        counts = None if steps is None else tf.cast(steps, tf.float32)
        outputs, h, c = self.time_major(tf.transpose(sequences, [1, 0, 2]), counts, state, self.go_backwards)
        batch, length = sequences.shape[:2]
        outputs.set_shape([length, batch, self.units])  # a loop forgets its length
        if self.go_backwards:
            outputs = tf.reverse(outputs, [0])
            steps = None if steps is None else tf.reverse(steps, [0])
        if steps is not None and self.zero_output_for_mask:
            outputs = tf.where(steps, outputs, tf.zeros([], outputs.dtype))
        elif steps is not None and initial_state is not None:
            # Keras gives zeros, not the initial state, for masked steps before the first that counts.
            begun = tf.cumsum(tf.cast(steps, tf.int32)) > 0
            outputs = tf.where(begun, outputs, tf.zeros([], outputs.dtype))
        result = tf.transpose(outputs, [1, 0, 2]) if self.return_sequences else outputs[-1]
        return (result, *(tf.cast(part, self.compute_dtype) for part in (h, c))) if self.return_state else result


def _flat(mask: Any) -> tf.Tensor | None:
    """A mask in any form that Keras takes (of several inputs, `[batch, length, 1]`, numbers) → `[batch, length]`."""
    mask = mask[0] if isinstance(mask, list | tuple) else mask
    if mask is None:
        return None
    mask = tf.cast(mask, tf.bool)
    return mask[..., 0] if mask.shape.rank == 3 else mask
