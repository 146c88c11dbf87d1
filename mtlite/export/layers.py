"""The layers of `mtlite/layers` out of the operators of ONNX. Sequences of LSTMs are time-major here.

An `LSTM` operator with `sequence_lens` reads each row up to its end, in both directions; behind it, its outputs are
zeros, where ours repeat the last one. Nothing looks at these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from onnx import TensorProto

from mtlite.config.resolve import TopologyConfig
from mtlite.data.ids import PAD
from mtlite.export.graph import Graph

_EPSILON = 1e-3  # of Keras' LayerNormalization
_FAR = 1e9  # by which the score of a position that does not count is lowered


class Vectors(NamedTuple):
    """A tensor `[..., size]`."""

    name: str
    size: int


class Run(NamedTuple):
    """What a stack of LSTMs gives."""

    outputs: Vectors  # [length, batch, units]
    state: list[str]  # h and c of the first layer, then of the next, each [batch, units]


@dataclass(frozen=True)
class Layers:
    """Adds the layers of a configuration to a graph."""

    graph: Graph
    config: TopologyConfig
    one_table: bool = True  # of embeddings, for the head as well where it is tied; rounding to int8 needs a copy there

    def mask(self, source: str) -> str:
        """`[batch, length]` ids → 1 where a token stands, else 0, float32."""
        empty = self.graph("Equal", source, self.graph.constant(PAD))
        return self.graph("Cast", self.graph("Not", empty), to=TensorProto.FLOAT)

    def lengths(self, source: str) -> str:
        """`[batch, length]` ids → tokens of each row `[batch]` float32."""
        return self.graph("ReduceSum", self.mask(source), self.graph.constant([1]), keepdims=0)

    def embedding(self, side: str, ids: str) -> Vectors:
        """Ids of any shape → vectors `[..., embedding size]`."""
        return Vectors(self.graph("Gather", self._table(side), ids), self.config.embedding_size)

    def _table(self, side: str, copy: str = "") -> str:
        config = self.config
        vocabulary = config.source_vocabulary if side == "source" else config.target_vocabulary
        path = "embedding/table" if config.joint else f"{side}_embedding/table"
        return self.graph.stored(copy or path, self.graph.weights(path, vocabulary, config.embedding_size))

    def dense(self, path: str, x: Vectors, units: int) -> Vectors:
        """A linear layer: `[..., size]` → `[..., units]`."""
        product = self.graph("MatMul", x.name, self.graph.weight(f"{path}/kernel", x.size, units))
        return Vectors(self.graph("Add", product, self.graph.weight(f"{path}/bias", units)), units)

    def dense_stack(self, name: str, x: Vectors) -> Vectors:
        """`DenseStack`: `[..., size]` → `[..., units]`."""
        for layer in range(self.config.layers):
            linear = self.dense(f"{name}/{name}_{layer}", x, self.config.units)
            outputs = Vectors(self.graph("Tanh", linear.name), linear.size)
            x = self._after(f"{name}/{name}_{layer}_norm", x, outputs, self.config.layer_normalization)
        return x

    def _after(self, norm: str, x: Vectors, outputs: Vectors, normalised: bool) -> Vectors:
        """What follows one layer, whose input was `x`: as `Stack.after`."""
        name, units = outputs
        if self.config.residual and x.size == units:
            name = self.graph("Add", name, x.name)
        if normalised:
            scale, offset = (self.graph.weight(f"{norm}/{part}", units) for part in ("gamma", "beta"))
            name = self.graph("LayerNormalization", name, scale, offset, axis=-1, epsilon=_EPSILON)
        return Vectors(name, units)

    def stack(
        self,
        name: str,
        x: Vectors,
        lengths: str = "",
        state: Sequence[str] = (),
        bidirectional: bool = False,
        state_only: bool = False,
    ) -> Run:
        """`LSTMStack` over `[length, batch, size]`.

        Args:
            lengths: of each row `[batch]`; if empty, all rows go on to the end.
            state: h and c of each layer to start from; zeros, and as many layers as configured, if there are none.
        """
        layers = len(state) // 2 if state else self.config.layers
        last: list[str] = []
        if lengths:
            lengths = self.graph("Cast", lengths, to=TensorProto.INT32)
        for layer in range(layers):
            names = [f"{name}_{layer}", f"{name}_{layer}_backwards"][: 2 if bidirectional else 1]
            paths = [f"{name}/{each}/lstm_cell" for each in names]
            run = self._lstm(paths, x, lengths, state[2 * layer : 2 * layer + 2])
            last += run.state
            normalised = self.config.layer_normalization and layer < layers - state_only
            x = self._after(f"{name}/{name}_{layer}_norm", x, run.outputs, normalised)
        return Run(x, last)

    def _lstm(self, paths: Sequence[str], x: Vectors, lengths: str, state: Sequence[str]) -> Run:
        """One layer, of one direction or of two, whose outputs and states are joined."""
        graph, all_units = self.graph, self.config.units
        units = all_units // len(paths)
        shapes = {"kernel": (x.size, 4 * units), "recurrent_kernel": (units, 4 * units), "bias": (4 * units,)}
        kernels, recurrent_kernels, biases = (
            np.stack([_in_onnx_order(graph.weights(f"{path}/{part}", *shape)) for path in paths])
            for part, shape in shapes.items()
        )
        biases = np.concatenate([biases, np.zeros_like(biases)], axis=1)  # one of the inputs, one of the state
        arrays = zip(shapes, (kernels, recurrent_kernels, biases), strict=True)
        stored = [graph.stored(f"{paths[0]}/{part}", array) for part, array in arrays]
        inputs = [x.name, *stored, lengths, *(graph("Unsqueeze", part, graph.constant([0])) for part in state)]
        direction = "bidirectional" if len(paths) == 2 else "forward"
        outputs, h, c = graph.several("LSTM", 3, *inputs, hidden_size=units, direction=direction)
        joined = graph.reshape(graph("Transpose", outputs, perm=[0, 2, 1, 3]), 0, 0, all_units)
        last = [graph.reshape(graph("Transpose", part, perm=[1, 0, 2]), 0, all_units) for part in (h, c)]
        return Run(Vectors(joined, all_units), last)

    def encode(self, name: str, source: str, bidirectional: bool = False, state_only: bool = False) -> Run:
        """Run a stack over the embedded source `[batch, length]`."""
        embedded = self.swapped(self.embedding("source", source))
        return self.stack(name, embedded, self.lengths(source), (), bidirectional, state_only)

    def one_step(self, name: str, x: Vectors, state: Sequence[str]) -> Run:
        """Go on from a state by one step: `[rows, size]` → outputs `[rows, units]`."""
        axis = self.graph.constant([0])
        run = self.stack(name, Vectors(self.graph("Unsqueeze", x.name, axis), x.size), state=state)
        return Run(Vectors(self.graph("Squeeze", run.outputs.name, axis), run.outputs.size), run.state)

    def swapped(self, x: Vectors) -> Vectors:
        """From time-major to batch-major, and back."""
        return Vectors(self.graph("Transpose", x.name, perm=[1, 0, 2]), x.size)

    def joined(self, *parts: Vectors) -> Vectors:
        """Vectors side by side."""
        names, sizes = zip(*parts, strict=True)
        return Vectors(self.graph("Concat", *names, axis=-1), sum(sizes))

    def look_at(self, values: str, source: str) -> dict[str, str]:
        """Prepare encoder outputs `[batch, source length, units]` for `attention`: what it needs of them, by name."""
        beside = self.graph("Sub", self.mask(source), self.graph.constant(1, np.float32))
        looked_at = {
            "memory_values": values,
            "memory_bias": self.graph("Mul", beside, self.graph.constant(_FAR, np.float32)),
        }
        if self.config.attention != "dot":
            looked_at["memory_keys"] = self.graph("MatMul", values, self._square("key_kernel"))
        return looked_at

    def _square(self, name: str) -> str:
        return self.graph.weight(f"attention/{name}", self.config.units, self.config.units)

    def attention(self, queries: Vectors, looked_at: dict[str, str]) -> Vectors:
        """`AttentionLayer` for one step: queries `[rows, units]` → contexts `[rows, units]`.

        Rows of one sentence stand side by side, and look back together.
        """
        graph, units, heads = self.graph, self.config.units, self.config.attention_heads
        size, values = units // heads, looked_at["memory_values"]
        keys, bias = looked_at.get("memory_keys", values), looked_at["memory_bias"]
        shape = graph("Concat", graph.shape(values, 0, 1), graph.constant([-1, units]), axis=0)
        grouped = graph("Reshape", queries.name, shape)
        if self.config.attention == "additive":
            projected = self._apart(graph("MatMul", grouped, self._square("query_kernel")))
            beside_each = graph("Unsqueeze", projected, graph.constant([-2]))
            joined = graph(
                "Tanh", graph("Add", beside_each, graph("Unsqueeze", self._apart(keys), graph.constant([-3])))
            )
            scale = graph.reshape(graph.weight("attention/scale", units), heads, 1, 1, size)
            scores = graph("ReduceSum", graph("Mul", joined, scale), graph.constant([-1]), keepdims=0)
        else:
            scores = graph("MatMul", self._apart(grouped), self._apart(keys, turned=True))
        scaled = graph("Mul", scores, graph.constant(size**-0.5, np.float32))
        biased = graph("Add", scaled, graph("Unsqueeze", bias, graph.constant([1, 2] if heads > 1 else [1])))
        contexts = graph("MatMul", graph("Softmax", biased, axis=-1), self._apart(values))
        if heads > 1:
            contexts = graph("Transpose", contexts, perm=[0, 2, 1, 3])
        return Vectors(graph.reshape(contexts, -1, units), units)

    def _apart(self, sequences: str, turned: bool = False) -> str:
        """`[batch, length, units]` → `[batch, heads, length, units / heads]`, without heads where there is one.

        Where `turned`, the last two are in the other order.
        """
        graph, heads = self.graph, self.config.attention_heads
        if heads == 1:
            return graph("Transpose", sequences, perm=[0, 2, 1]) if turned else sequences
        apart = graph.reshape(sequences, 0, 0, heads, self.config.units // heads)
        return graph("Transpose", apart, perm=[0, 2, 3, 1] if turned else [0, 2, 1, 3])

    def head(self, features: Vectors) -> str:
        """Features `[rows, size]` → log p of all tokens `[rows, vocabulary]`."""
        graph, vocabulary, narrow = self.graph, self.config.target_vocabulary, self.config.embedding_size
        bias = graph.weight("head/bias", vocabulary)
        if self.config.tied_embeddings:
            projection = graph.weight("head/projection", features.size, narrow)
            x = graph("Gemm", features.name, projection, graph.weight("head/projection_bias", narrow))
            table = self._table("target", "" if self.one_table else "head/table")
            logits = graph("Gemm", x, table, bias, transB=1)
        else:
            logits = graph("Gemm", features.name, graph.weight("head/kernel", features.size, vocabulary), bias)
        return graph("LogSoftmax", logits, axis=-1)

    def likeliest(self, log_p: str, count: str, never: Sequence[int]) -> tuple[str, str]:
        """The likeliest tokens of each row but for some: log p and tokens, best first, both `[rows, count]`."""
        forbidden = np.zeros(self.config.target_vocabulary, np.float32)
        forbidden[list(never)] = -np.inf
        allowed = self.graph("Add", log_p, self.graph.stored("forbidden", forbidden))
        values, tokens = self.graph.several("TopK", 2, allowed, count, axis=-1)
        return values, tokens


def _in_onnx_order(array: np.ndarray) -> np.ndarray:
    """Gates from Keras' order i, f, c, o to ONNX' order i, o, f, c: `[..., 4 · units]` → `[4 · units, ...]`."""
    i, f, c, o = np.split(array, 4, axis=-1)
    return np.ascontiguousarray(np.concatenate([i, o, f, c], axis=-1).T)
