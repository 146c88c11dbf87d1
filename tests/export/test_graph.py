from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto

from mtlite.errors import RunError
from mtlite.export.graph import Graph, Weights

ARRAYS = {"weights/topology/a": np.ones((2, 3), np.float32), "weights/topology/b": np.zeros(3, np.float32)}


def test_a_graph_runs() -> None:
    weights = Weights(ARRAYS, Path("file"))
    graph = Graph(weights)
    x = graph.add_input("x", TensorProto.FLOAT, ["rows", 2])
    product = graph("MatMul", x, graph.weight("a", 2, 3))
    graph.add_output("y", graph("Add", product, graph.constant(5, np.float32)), TensorProto.FLOAT, ["rows", 3])
    graph.add_output("flat", graph.reshape(product, -1), TensorProto.FLOAT, ["numbers"])
    graph.add_output("rows_of_x", graph.shape(x, 0, 1), TensorProto.INT64, [1])
    session = onnxruntime.InferenceSession(graph.model("test").SerializeToString(), providers=["CPUExecutionProvider"])
    y, flat, rows = session.run(None, {"x": np.array([[1, 2], [3, 4]], np.float32)})
    np.testing.assert_array_equal(y, [[8, 8, 8], [12, 12, 12]])
    np.testing.assert_array_equal(flat, [3, 3, 3, 7, 7, 7])
    np.testing.assert_array_equal(rows, [2])


def test_an_array_is_stored_once() -> None:
    graph = Graph(Weights(ARRAYS, Path("file")))
    assert graph.weight("a", 2, 3) == graph.weight("a", 2, 3)
    assert len(graph.constants) == 1
    assert graph.constant(1) != graph.constant(1)


def test_weights_of_another_configuration_are_refused() -> None:
    weights = Weights(ARRAYS, Path("file"))
    for path, shape in (("a", (3, 2)), ("c", (1,))):
        with pytest.raises(RunError, match=f"file: .*{path}.*another configuration"):
            weights(path, *shape)
    weights("a", 2, 3)
    with pytest.raises(RunError, match=r"file: .*topology/b.*another configuration"):
        weights.refuse_unused()
    weights("b", 3)
    weights.refuse_unused()
