"""An ONNX graph that grows node by node; a tensor is known by its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from mtlite.errors import RunError
from mtlite.storage.checkpoint import array_of
from mtlite.version import __version__

OPSET, IR_VERSION = 17, 8
"""The oldest operators and file format with all that is needed (LayerNormalization): old runtimes read them, too."""

_PREFIX = "weights/topology/"


class Weights:
    """The arrays of a model, each asked for by its path and shape."""

    def __init__(self, arrays: Mapping[str, np.ndarray], origin: Path) -> None:
        self.arrays, self.origin, self.used = arrays, origin, set[str]()

    def __call__(self, path: str, *shape: int) -> np.ndarray:
        """The array of a path; RunError if it is missing or of another shape."""
        self.used.add(_PREFIX + path)
        return array_of(self.arrays, _PREFIX + path, shape, self.origin)

    def refuse_unused(self) -> None:
        """Raise RunError for an array that nothing asked for: the weights are those of another model."""
        for name in sorted(self.arrays.keys() - self.used):
            raise RunError(f"{self.origin}: unexpected {name}: the weights belong to another configuration")


class Graph:
    """Nodes in the order in which they are computed, with their constants, inputs and outputs."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []

    def __call__(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output; an input may be empty, which leaves it out."""
        return self.several(operator, 1, *inputs, **attributes)[0]

    def several(self, operator: str, count: int, *inputs: str, **attributes: Any) -> list[str]:
        """Add a node with so many outputs."""
        given = list(inputs)
        while given and not given[-1]:  # what is left out at the end is not even named
            given.pop()
        name = f"{operator}_{len(self.nodes)}"
        outputs = [f"{name}_{number}" for number in range(count)] if count > 1 else [name]
        self.nodes.append(helper.make_node(operator, given, outputs, name=name, **attributes))
        return outputs

    def constant(self, values: Any, dtype: type[np.generic] = np.int64) -> str:
        """A small constant."""
        return self.stored(f"constant_{len(self.constants)}", np.array(values, dtype))

    def stored(self, name: str, array: np.ndarray) -> str:
        """A constant with a name of its own, which is stored once."""
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(array, name)
        return name

    def weight(self, path: str, *shape: int) -> str:
        """An array of the model as it is."""
        return self.stored(path, self.weights(path, *shape))

    def shape(self, tensor: str, start: int, end: int) -> str:
        """A part of the shape of a tensor, `[end - start]`."""
        return self("Shape", tensor, start=start, end=end)

    def reshape(self, tensor: str, *sizes: int) -> str:
        """Another shape: 0 keeps a size, -1 is what remains."""
        return self("Reshape", tensor, self.constant(sizes))

    def add_input(self, name: str, dtype: int, shape: Iterable[int | str]) -> str:
        """An input of the graph; a size with a name may be any."""
        self.inputs.append(helper.make_tensor_value_info(name, dtype, list(shape)))
        return name

    def add_output(self, name: str, tensor: str, dtype: int, shape: Iterable[int | str]) -> None:
        """Give a tensor out under this name."""
        self.nodes.append(helper.make_node("Identity", [tensor], [name], name=name))
        self.outputs.append(helper.make_tensor_value_info(name, dtype, list(shape)))

    def model(self, name: str) -> onnx.ModelProto:
        """The graph as a model, which has passed ONNX's own checks."""
        graph = helper.make_graph(self.nodes, name, self.inputs, self.outputs, list(self.constants.values()))
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="mtlite",
            producer_version=__version__,
        )
        onnx.checker.check_model(model, full_check=True)
        return model
