"""A folder holds all that a translation needs; int8 loads, is smaller and translates."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
from export.exported import Exported, exported

from mtlite.config.length_rules import LengthRules
from mtlite.config.options import SearchConfig
from mtlite.config.registry import TOPOLOGIES
from mtlite.data.tokenizer import Tokenizers
from mtlite.errors import RunError, UsageError
from mtlite.export.graph import IR_VERSION, OPSET, Weights
from mtlite.export.onnx_folder import graphs_of, refuse_topology, write_onnx_folder
from mtlite.storage.checkpoint import weight_arrays


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_a_folder_holds_what_is_needed(topology: str, twelve: dict[str, Exported]) -> None:
    folder = twelve[topology].folder
    names = {"config.json", "source.model", "target.model", "translate.py"}
    graphs = {"encoder.onnx", "decoder.onnx"} if TOPOLOGIES[topology].family == "autoregressive" else {"model.onnx"}
    assert {path.name for path in folder.iterdir()} == names | graphs
    assert len((folder / "translate.py").read_text(encoding="utf-8").splitlines()) <= 150
    for name in graphs:
        model = onnx.load(folder / name)
        assert (model.ir_version, model.opset_import[0].version) == (IR_VERSION, OPSET)
        assert {node.domain for node in model.graph.node} == {""}  # operators of ONNX itself, and no others
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert (config["topology"], config["search"]) == (topology, TOPOLOGIES[topology].search)


def test_lstms_are_native_operators(twelve: dict[str, Exported]) -> None:
    operators = [node.op_type for node in onnx.load(twelve["attention"].folder / "encoder.onnx").graph.node]
    assert operators.count("LSTM") == 2
    assert not {"Loop", "Scan", "If"} & set(operators)


def test_the_config_holds_the_search_of_the_run(twelve: dict[str, Exported], tmp_path: Path) -> None:
    model, tokenizers, _ = twelve["peek"]
    search = SearchConfig(beam_size=3, length_penalty=0.5, max_source_tokens=7, batch_tokens=99)
    write_onnx_folder(tmp_path, model.config, Weights(weight_arrays(model.weights), tmp_path), tokenizers, search)
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    expected = {"beam_size": 3, "length_penalty": 0.5, "max_source_tokens": 7, "batch_tokens": 99}
    assert {name: config[name] for name in expected} == expected
    rule: LengthRules = model.config.lengths
    assert config["limit"]["slope"] == rule.search.slope


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_int8_loads_and_translates(topology: str, tiny_run: Path, tmp_path: Path) -> None:
    tokenizers = Tokenizers.load(tiny_run)
    exact = exported(topology, tokenizers, tmp_path / "float32", units=128, embedding_size=128)
    rounded = exported(topology, tokenizers, tmp_path / "int8", "int8", units=128, embedding_size=128)

    def size(folder: Path) -> int:
        return sum(path.stat().st_size for path in folder.glob("*.onnx"))

    assert size(rounded.folder) < 0.5 * size(exact.folder)
    sources = exact.sources(20)
    found, expected = (each.on_onnxruntime(sources, beam_size=2) for each in (rounded, exact))
    assert len(found) == len(sources)
    assert [each.ids for each in found] != [[[]]] * len(sources)
    assert [each.scores for each in found] != [each.scores for each in expected]  # it is rounded indeed
    if TOPOLOGIES[topology].family == "autoregressive":
        operators = {node.op_type for node in onnx.load(rounded.folder / "encoder.onnx").graph.node}
        assert "DynamicQuantizeLSTM" in operators


def test_a_topology_without_a_graph_is_refused() -> None:
    with pytest.raises(UsageError, match=r"mine:Own.*attention.*--to saved-model"):
        refuse_topology("mine:Own")


def test_weights_of_another_model_are_refused(twelve: dict[str, Exported]) -> None:
    model, other = twelve["attention"].model, twelve["encoder-decoder"].model
    with pytest.raises(RunError, match="another configuration"):
        graphs_of(model.config, Weights(weight_arrays(other.weights), Path("file")))
    with pytest.raises(RunError, match="another configuration"):
        graphs_of(other.config, Weights(weight_arrays(model.weights), Path("file")))
