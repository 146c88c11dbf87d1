"""The twelve topologies as ONNX graphs: `decode` of `mtlite/topologies` once more, for one step, in other words.

The words are the same as there. A topology without an entry here cannot be exported to ONNX.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from onnx import TensorProto

from mtlite.export.layers import Layers, Vectors

Memory = dict[str, str]
"""Tensors that decoding keeps of the source, by names that begin with `memory`; the first size is the batch."""

_ROUNDING = 1e-4  # as in `LengthRule`


class Read(NamedTuple):
    """What decoding starts from."""

    memory: Memory
    state: list[str]  # [batch, units] each


class Decoded(NamedTuple):
    """The result of one step."""

    features: Vectors  # [rows, size]
    state: list[str]


class StepByStep(NamedTuple):
    """An autoregressive topology."""

    read: Callable[[Layers, str], Read]
    decode: Callable[[Layers, str, Sequence[str], Memory], Decoded]


class AllAtOnce(NamedTuple):
    """A direct topology: output positions N of each row `[batch]`, and features `[batch, at least N, size]`."""

    positions: Callable[[Layers, str], str]
    features: Callable[[Layers, str, str], Vectors]


def _read_encoder_decoder(layers: Layers, source: str) -> Read:
    return Read({}, layers.encode("encoder", source, layers.config.bidirectional, state_only=True).state)


def _read_many_to_one(layers: Layers, source: str) -> Read:
    return Read({}, layers.encode("lstm", source).state)


def _decode_with(name: str) -> Callable[[Layers, str, Sequence[str], Memory], Decoded]:
    """Write with a stack over the target so far."""

    def decode(layers: Layers, tokens: str, state: Sequence[str], memory: Memory) -> Decoded:
        return Decoded(*layers.one_step(name, layers.embedding("target", tokens), state))

    return decode


def _read_peek(layers: Layers, source: str) -> Read:
    state = layers.encode("encoder", source, layers.config.bidirectional, state_only=True).state
    return Read({"memory_context": _top_h(state)}, state)


def _decode_peek(layers: Layers, tokens: str, state: Sequence[str], memory: Memory) -> Decoded:
    context = _at_each(layers, tokens, Vectors(memory["memory_context"], layers.config.units))
    outputs, last = layers.one_step("decoder", layers.joined(layers.embedding("target", tokens), context), state)
    return Decoded(layers.joined(outputs, context), last)


def _at_each(layers: Layers, tokens: str, vectors: Vectors) -> Vectors:
    """One vector a sentence `[batch, size]`, at each of its hypotheses `[rows, size]`, which stand side by side."""
    graph = layers.graph
    batch = graph.shape(vectors.name, 0, 1)
    each = graph("Div", graph.shape(tokens, 0, 1), batch)
    shape = graph("Concat", batch, each, graph.constant([vectors.size]), axis=0)
    copies = graph("Expand", graph("Unsqueeze", vectors.name, graph.constant([1])), shape)
    return Vectors(graph.reshape(copies, -1, vectors.size), vectors.size)


def _read_attention(layers: Layers, source: str) -> Read:
    outputs, state = layers.encode("encoder", source, layers.config.bidirectional)
    return Read(layers.look_at(layers.swapped(outputs).name, source), state)


def _decode_attention(layers: Layers, tokens: str, state: Sequence[str], memory: Memory) -> Decoded:
    outputs, last = layers.one_step("decoder", layers.embedding("target", tokens), state[:2])
    context = layers.attention(outputs, memory)
    if state[2:]:
        outputs, above = layers.one_step("above", layers.joined(outputs, context), state[2:])
        last = [*last, *above]
    return Decoded(layers.joined(outputs, context), last)


def _as_read(layers: Layers, source: str) -> str:
    """As many positions as the source has tokens."""
    return layers.graph("Cast", layers.lengths(source), to=TensorProto.INT64)


def _by_rule(layers: Layers, source: str) -> str:
    """As many positions as the length rule says."""
    rule = layers.config.lengths.direct
    return layers.graph("Max", _rounded_up(layers, source, rule.slope, rule.intercept), layers.graph.constant([1]))


def _rounded_up(layers: Layers, source: str, slope: float, intercept: float = 0.0) -> str:
    """slope · tokens + intercept, rounded up `[batch]`; in float32, in the order of `LengthRule`."""
    graph = layers.graph
    sloped = graph("Mul", layers.lengths(source), graph.constant(slope, np.float32))
    raised = graph("Add", sloped, graph.constant(intercept, np.float32))
    lowered = graph("Sub", raised, graph.constant(_ROUNDING, np.float32))
    return graph("Cast", graph("Ceil", lowered), to=TensorProto.INT64)


def _fixed(layers: Layers, source: str) -> str:
    """One number for all sources."""
    fixed = layers.graph.constant([layers.config.lengths.fixed])
    return layers.graph("Expand", fixed, layers.graph.shape(source, 0, 1))


def _expanded(layers: Layers, source: str) -> str:
    """Several positions for each token."""
    return layers.graph("Mul", _as_read(layers, source), layers.graph.constant(layers.config.lengths.expansion))


def _one_to_one(layers: Layers, source: str, positions: str) -> Vectors:
    return layers.dense_stack("hidden", layers.embedding("source", source))


def _aligned(layers: Layers, source: str, positions: str) -> Vectors:
    return layers.swapped(layers.encode("lstm", source, layers.config.bidirectional).outputs)


def _ctc(layers: Layers, source: str, positions: str) -> Vectors:
    expansion, units = layers.config.lengths.expansion, layers.config.units
    encoded = layers.swapped(layers.encode("encoder", source, layers.config.bidirectional).outputs)
    wide = layers.dense("spread", encoded, expansion * units)
    spread = Vectors(layers.graph.reshape(wide.name, 0, -1, units), units)
    run = layers.stack("decoder", layers.swapped(spread), positions, (), layers.config.bidirectional)
    return layers.swapped(run.outputs)


def _one_to_many(layers: Layers, source: str, positions: str) -> Vectors:
    graph, (embedded, size) = layers.graph, layers.embedding("source", source)
    counted = graph("Unsqueeze", layers.mask(source), graph.constant([2]))
    total = graph("ReduceSum", graph("Mul", embedded, counted), graph.constant([1]), keepdims=0)
    mean = graph("Div", total, graph("ReduceSum", counted, graph.constant([1]), keepdims=0))
    return _over_copies(layers, Vectors(mean, size), positions)


def _repeat_vector(layers: Layers, source: str, positions: str) -> Vectors:
    run = layers.encode("encoder", source, layers.config.bidirectional, state_only=True)
    return _over_copies(layers, Vectors(_top_h(run.state), layers.config.units), positions)


def _over_copies(layers: Layers, vector: Vectors, positions: str) -> Vectors:
    """Write with a stack over the same vector at every position."""
    graph = layers.graph
    shape = graph("Concat", graph("ReduceMax", positions), graph("Shape", vector.name), axis=0)
    copies = graph("Expand", graph("Unsqueeze", vector.name, graph.constant([0])), shape)
    return layers.swapped(layers.stack("decoder", Vectors(copies, vector.size)).outputs)


def _vector_dense(layers: Layers, source: str, positions: str) -> Vectors:
    fixed, size = layers.config.lengths.fixed, layers.config.embedding_size
    run = layers.encode("encoder", source, layers.config.bidirectional, state_only=True)
    wide = layers.dense("all_positions", Vectors(_top_h(run.state), layers.config.units), fixed * size)
    return Vectors(layers.graph.reshape(wide.name, -1, fixed, size), size)


def _padded(layers: Layers, source: str, positions: str) -> Vectors:
    return _written_late(layers, source, _as_read(layers, source), positions)


def _last_n(layers: Layers, source: str, positions: str) -> Vectors:
    graph = layers.graph
    waited = graph("Add", _rounded_up(layers, source, layers.config.wait), positions)
    steps = graph("Max", _as_read(layers, source), waited)
    return _written_late(layers, source, graph("Sub", steps, positions), positions)


def _written_late(layers: Layers, source: str, starts: str, positions: str) -> Vectors:
    """The outputs of a stack over the source and blanks: of each row so many positions `[batch]` from a start on."""
    graph, embedded = layers.graph, layers.embedding("source", source)
    shown = graph("Mul", embedded.name, graph("Unsqueeze", layers.mask(source), graph.constant([2])))
    steps = graph("ReduceMax", graph("Add", starts, positions))
    missing = graph("Max", graph("Sub", steps, graph.shape(source, 1, 2)), graph.constant([0]))
    zeros = graph.constant([0, 0, 0, 0]), missing, graph.constant([0])
    inputs = Vectors(graph("Pad", shown, graph("Concat", *zeros, axis=0)), embedded.size)
    outputs = layers.swapped(layers.stack("lstm", layers.swapped(inputs)).outputs)
    written = graph("Range", graph.constant(0), graph("ReduceMax", positions, keepdims=0), graph.constant(1))
    at = graph("Add", graph("Unsqueeze", starts, graph.constant([1])), written)
    last = graph("Sub", graph.shape(outputs.name, 1, 2), graph.constant([1]))
    within = graph("Unsqueeze", graph("Min", at, last), graph.constant([2]))
    return Vectors(graph("GatherND", outputs.name, within, batch_dims=1), outputs.size)


def _top_h(state: Sequence[str]) -> str:
    """The last h of the top layer."""
    return state[-2]


STEP_BY_STEP = {
    "many-to-one": StepByStep(_read_many_to_one, _decode_with("lstm")),
    "encoder-decoder": StepByStep(_read_encoder_decoder, _decode_with("decoder")),
    "peek": StepByStep(_read_peek, _decode_peek),
    "attention": StepByStep(_read_attention, _decode_attention),
}
ALL_AT_ONCE = {
    "one-to-one": AllAtOnce(_as_read, _one_to_one),
    "one-to-many": AllAtOnce(_by_rule, _one_to_many),
    "aligned": AllAtOnce(_as_read, _aligned),
    "last-n": AllAtOnce(_by_rule, _last_n),
    "padded": AllAtOnce(_by_rule, _padded),
    "vector-dense": AllAtOnce(_fixed, _vector_dense),
    "repeat-vector": AllAtOnce(_by_rule, _repeat_vector),
    "ctc": AllAtOnce(_expanded, _ctc),
}
