"""Layers in ONNX against those in TensorFlow, one at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from onnx import TensorProto
from small_models import config_of

from mtlite.export.graph import Graph, Weights
from mtlite.export.layers import Layers, Vectors
from mtlite.layers.stack import LSTMStack

ROWS = np.array([4, 1, 3])
SIZE, UNITS = 5, 6


def run_stack(stack: LSTMStack, x: np.ndarray, **options: Any) -> list[np.ndarray]:
    """Outputs, then h and c of every layer, of the same stack in ONNX; `x` is time-major."""
    arrays = {f"weights/topology/{weight.path}": weight.numpy() for weight in stack.weights}
    layers = Layers(Graph(Weights(arrays, Path("here"))), config_of("attention", units=UNITS, layers=stack.layers))
    graph = layers.graph
    graph.add_input("x", TensorProto.FLOAT, [len(x), len(ROWS), SIZE])
    graph.add_input("lengths", TensorProto.FLOAT, [len(ROWS)])
    run = layers.stack("stack", Vectors("x", SIZE), **options)
    graph.add_output("outputs", run.outputs.name, TensorProto.FLOAT, [len(x), len(ROWS), UNITS])
    for number, part in enumerate(run.state):
        graph.add_output(f"state_{number}", part, TensorProto.FLOAT, [len(ROWS), UNITS])
    session = onnxruntime.InferenceSession(graph.model("stack").SerializeToString(), providers=["CPUExecutionProvider"])
    found: list[np.ndarray] = session.run(None, {"x": x, "lengths": ROWS.astype(np.float32)})
    return found


def varied_stack(**options: Any) -> LSTMStack:
    stack = LSTMStack(UNITS, layers=2, name="stack", **options)
    stack(tf.zeros([1, 1, SIZE]))
    draw = np.random.default_rng(2)
    for weight in stack.weights:  # biases that differ by gate: a wrong order of gates is seen
        weight.assign(draw.normal(size=weight.shape))
    return stack


@pytest.mark.parametrize("bidirectional", [False, True])
def test_lstms_read_each_row_to_its_end(bidirectional: bool) -> None:
    stack, mask = varied_stack(bidirectional=bidirectional), tf.sequence_mask(ROWS)
    x = np.random.default_rng(4).normal(size=[len(ROWS), ROWS.max(), SIZE]).astype(np.float32)
    outputs, state = stack(x, mask=mask)
    found, *last = run_stack(stack, x.transpose(1, 0, 2), lengths="lengths", bidirectional=bidirectional)
    inside = mask.numpy()
    np.testing.assert_allclose(found.transpose(1, 0, 2)[inside], outputs.numpy()[inside], atol=1e-5)
    np.testing.assert_array_equal(found.transpose(1, 0, 2)[~inside], 0.0)  # what nothing may look at
    for one, other in zip(last, [part for layer in state for part in layer], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_lstms_without_lengths_go_on_to_the_end() -> None:
    stack = varied_stack()
    x = np.random.default_rng(4).normal(size=[len(ROWS), 5, SIZE]).astype(np.float32)
    outputs, _ = stack(x)
    np.testing.assert_allclose(run_stack(stack, x.transpose(1, 0, 2))[0].transpose(1, 0, 2), outputs, atol=1e-5)
