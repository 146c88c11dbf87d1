"""A model as a folder that translates without mtlite: graphs, vocabularies, what to know, and the program for it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import onnx
from onnx import TensorProto

from mtlite.config.length_rules import EXTRA_TOKENS
from mtlite.config.options import SearchConfig
from mtlite.config.registry import entry_of
from mtlite.config.resolve import TopologyConfig
from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.data.tokenizer import Tokenizers
from mtlite.errors import UsageError
from mtlite.export.graph import Graph, Weights
from mtlite.export.layers import Layers
from mtlite.export.wirings import ALL_AT_ONCE, STEP_BY_STEP
from mtlite.limits import MAX_HYPOTHESIS_TOKENS
from mtlite.storage.run_directory import TOKENIZERS

Precision = Literal["float32", "int8"]
"""How weights are written. With int8, matrices are whole numbers, and products are taken in whole numbers."""

CONFIG, PROGRAM = "config.json", "translate.py"
_ROWS, _MANY = "rows", "any"
_MOST_BYTES = 2**31 - 1  # of one file in the format of ONNX
_REMEDY = "take --to saved-model, or translate with --engine tensorflow"
_WIDE = 1000  # tokens of a vocabulary, whose scores at a position take about the room of one position of an LSTM


def refuse_topology(topology: str) -> None:
    """Raise UsageError for a topology that has no graph here."""
    if topology not in STEP_BY_STEP and topology not in ALL_AT_ONCE:
        known = ", ".join([*STEP_BY_STEP, *ALL_AT_ONCE])
        raise UsageError(f"topology {topology} has no ONNX graph: expected one of {known}: {_REMEDY}")


def write_onnx_folder(
    folder: Path,
    config: TopologyConfig,
    weights: Weights,
    tokenizers: Tokenizers,
    search: SearchConfig,
    precision: Precision = "float32",
) -> None:
    """Write a model into a folder that is new and empty.

    Raise UsageError for what has no graphs or is too large for them, RunError for weights of another configuration,
    and OSError.
    """
    refuse_topology(config.topology)
    for name, graph in graphs_of(config, weights, precision).items():
        path = folder / f"{name}.onnx"
        if sum(tensor.ByteSize() for tensor in graph.graph.initializer) > _MOST_BYTES:
            problem = f"{weights.origin} is too large for ONNX: expected less than {_MOST_BYTES:,} bytes a graph"
            raise UsageError(f"{problem}: {_REMEDY}")
        path.write_bytes(graph.SerializeToString(deterministic=True))
        if precision == "int8":
            _round(path)
    for name, tokenizer in zip(TOKENIZERS, (tokenizers.source, tokenizers.target), strict=True):
        (folder / name).write_bytes(tokenizer.model)
    (folder / PROGRAM).write_bytes((Path(__file__).parent / PROGRAM).read_bytes())
    (folder / CONFIG).write_bytes((json.dumps(described(config, search, precision), indent=1) + "\n").encode())


def described(config: TopologyConfig, search: SearchConfig, precision: Precision) -> Mapping[str, object]:
    """What the program must know of a model, in plain values."""
    entry, rule = entry_of(config.topology), config.lengths.search
    limit = {"slope": rule.slope, "intercept": rule.intercept, "extra": EXTRA_TOKENS, "most": MAX_HYPOTHESIS_TOKENS}
    return {
        "topology": config.topology,
        "search": entry.search,
        "weights": precision,
        "vocabulary": config.target_vocabulary,
        "limit": limit,
        "beam_size": search.beam_size,
        "length_penalty": search.length_penalty,
        "max_source_tokens": search.max_source_tokens,
        "batch_tokens": search.batch_tokens,
        # One that writes in one pass scores the whole vocabulary at every position at once.
        "batch_width": 1 if entry.family == "autoregressive" else max(1, config.target_vocabulary // _WIDE),
    }


def graphs_of(config: TopologyConfig, weights: Weights, precision: Precision = "float32") -> dict[str, onnx.ModelProto]:
    """The graphs of a model by name: `encoder` and `decoder`, or `model`; every array of the weights is in them.

    Those for int8 are made to be rounded.
    """

    def layers() -> Layers:
        return Layers(Graph(weights), config, one_table=precision == "float32")

    if config.topology in STEP_BY_STEP:
        encoder, states, memory = _encoder(layers())
        graphs = {"encoder": encoder, "decoder": _decoder(layers(), states, memory)}
    else:
        graphs = {"model": _model(layers())}
    weights.refuse_unused()
    return graphs


def _encoder(layers: Layers) -> tuple[onnx.ModelProto, int, list[str]]:
    """The graph that reads a source; how many states it gives, and the names of what it remembers."""
    config = layers.config
    source = layers.graph.add_input("source", TensorProto.INT64, ["batch", "length"])
    memory, state = STEP_BY_STEP[config.topology].read(layers, source)
    for number, tensor in enumerate(state):
        layers.graph.add_output(f"state_{number}", tensor, TensorProto.FLOAT, ["batch", config.units])
    for name, tensor in memory.items():
        layers.graph.add_output(name, tensor, TensorProto.FLOAT, _memory_shape(name, config))
    return layers.graph.model("encoder"), len(state), list(memory)


def _memory_shape(name: str, config: TopologyConfig) -> Sequence[int | str]:
    """Of what is remembered: a vector a sentence, a number a position, or a vector a position."""
    shapes: dict[str, Sequence[int | str]] = {
        "memory_context": ["batch", config.units],
        "memory_bias": ["batch", "length"],
    }
    return shapes.get(name, ["batch", "length", config.units])


def _decoder(layers: Layers, states: int, names: Sequence[str]) -> onnx.ModelProto:
    """The graph of one step: from a token and a state of each hypothesis to the likeliest next tokens."""
    graph, config = layers.graph, layers.config
    tokens = graph.add_input("last", TensorProto.INT64, [_ROWS])  # those just written
    count = graph.add_input("count", TensorProto.INT64, [1])
    shape: Sequence[int | str] = [_ROWS, config.units]
    state = [graph.add_input(f"state_{number}", TensorProto.FLOAT, shape) for number in range(states)]
    memory = {name: graph.add_input(name, TensorProto.FLOAT, _memory_shape(name, config)) for name in names}
    features, last = STEP_BY_STEP[config.topology].decode(layers, tokens, state, memory)
    log_p, likeliest = layers.likeliest(layers.head(features), count, never=(PAD, BOS, UNK))
    graph.add_output("log_p", log_p, TensorProto.FLOAT, [_ROWS, _MANY])
    graph.add_output("tokens", likeliest, TensorProto.INT64, [_ROWS, _MANY])
    for number, tensor in enumerate(last):
        graph.add_output(f"next_state_{number}", tensor, TensorProto.FLOAT, shape)
    return graph.model("decoder")


def _model(layers: Layers) -> onnx.ModelProto:
    """The graph of a topology that writes all positions at once: the likeliest tokens of each position."""
    graph, config = layers.graph, layers.config
    wiring = ALL_AT_ONCE[config.topology]
    source = graph.add_input("source", TensorProto.INT64, ["batch", "length"])
    count = graph.add_input("count", TensorProto.INT64, [1])
    positions = wiring.positions(layers, source)
    features = wiring.features(layers, source, positions)
    flat = features._replace(name=graph.reshape(features.name, -1, features.size))
    # Where positions may be blank, padding is the blank, and no output ends with </s>.
    never = (UNK, BOS, EOS) if entry_of(config.topology).blanks else (PAD, BOS, UNK)
    log_p, tokens = layers.likeliest(layers.head(flat), count, never)
    shape = graph("Concat", graph.shape(features.name, 0, 2), count, axis=0)
    each = ["batch", "positions", _MANY]
    graph.add_output("log_p", graph("Reshape", log_p, shape), TensorProto.FLOAT, each)
    graph.add_output("tokens", graph("Reshape", tokens, shape), TensorProto.INT64, each)
    graph.add_output("positions", positions, TensorProto.INT64, ["batch"])
    return graph.model("model")


def _round(path: Path) -> None:
    """Write a graph anew with int8 weights."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.disable(logging.WARNING)  # it recommends a preparation that fuses layers, of which there are none here
    try:
        quantize_dynamic(path, path, weight_type=QuantType.QInt8)
    finally:
        logging.disable(logging.NOTSET)
