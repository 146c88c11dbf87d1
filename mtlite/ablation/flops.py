"""What a training pair costs, counted from the matrix products of a model.

The forward and the backward pass run once, eagerly, on one pair of average lengths, and every matrix product that
TensorFlow executes counts 2 · rows · columns · inner size operations. Additions, gates, softmax and the optimizer are
small beside the products and are left out. Gradients of biases are products with a row of ones: a thousandth of the
rest. No clock is involved.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_callbacks

from mtlite.data.ids import EOS
from mtlite.topologies.topology import Topology


@dataclass(frozen=True)
class Product:
    """One matrix product that was executed."""

    op_type: str  # TensorFlow's name
    shapes: tuple[tuple[int, ...], ...]  # of both factors
    dtype: tf.DType  # number format of the factors
    output: tuple[int, ...]  # shape of the product
    attributes: Mapping[str, Any]

    @property
    def flops(self) -> int:
        """2 · rows · columns · inner size."""
        if self.op_type == "Einsum":
            return 2 * _einsum_size(self.attributes["equation"], self.shapes)
        transposed = self.attributes.get("transpose_a") or self.attributes.get("adj_x")
        return 2 * math.prod(self.output) * self.shapes[0][-2 if transposed else -1]


def training_flops(
    model: Topology, source_length: int, target_length: int, smoothing: float, consistency: float = 0.0
) -> int:
    """Floating-point operations of all matrix products of a pair of these lengths, `</s>` included."""
    source = _sentence(source_length, model.config.source_vocabulary)
    target = _sentence(target_length, model.config.target_vocabulary)
    return sum(product.flops for product in training_products(model, source, target, smoothing, consistency))


def training_products(
    model: Topology, source: tf.Tensor, target: tf.Tensor, smoothing: float, consistency: float = 0.0
) -> list[Product]:
    """All matrix products of a batch `[batch, source length]`, `[batch, target length]`, forwards and backwards."""
    products: list[Product] = []

    def note(op_type: str, inputs: Any, attributes: Any, outputs: Any, op_name: Any = None, graph: Any = None) -> None:
        op_type = tf.compat.as_str(op_type)  # some ways into TensorFlow name it in bytes
        if "MatMul" in op_type or op_type == "Einsum":
            given = dict(zip(attributes[::2], attributes[1::2], strict=True))
            shapes = tuple(tuple(each.shape) for each in inputs)
            products.append(Product(op_type, shapes, inputs[0].dtype, tuple(outputs[0].shape), given))

    eagerly = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    op_callbacks.add_op_callback(note)
    try:
        with tf.GradientTape() as tape:
            loss = model.loss_of(source, target, smoothing, consistency).total
        tape.gradient(loss, model.trainable_variables)
    finally:
        op_callbacks.remove_op_callback(note)
        tf.config.run_functions_eagerly(eagerly)
    return products


def _sentence(length: int, vocabulary: int) -> tf.Tensor:
    """Words that follow each other in the vocabulary, no two neighbours alike, and `</s>`."""
    first = EOS + 1
    words = first + np.arange(length - 1) % max(1, vocabulary - first)
    return tf.constant([[*words.tolist(), EOS]], tf.int32)


def _einsum_size(equation: str | bytes, inputs: Sequence[tuple[int, ...]]) -> int:
    """Product of the sizes of all indices; an ellipsis stands for the indices that are not named."""
    text = equation.decode() if isinstance(equation, bytes) else equation
    sizes: dict[str, int] = {}
    unnamed: tuple[int, ...] = ()
    for indices, shape in zip(text.split("->")[0].split(","), inputs, strict=True):
        before, dots, after = indices.strip().partition("...")
        end = len(shape) - len(after)
        sizes.update(zip(before + after, shape[: len(before)] + shape[end:], strict=True))
        unnamed = max(unnamed, shape[len(before) : end] if dots else (), key=len)
    return math.prod(sizes.values()) * math.prod(unnamed)
