"""The graphs give what the models in Python give: all topologies, all their options, greedy and with a beam."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from export.exported import Exported, assert_same, exported, varied

from mtlite.config.registry import TOPOLOGIES
from mtlite.data.tokenizer import Tokenizers
from mtlite.export.wirings import ALL_AT_ONCE, STEP_BY_STEP


def test_every_topology_has_a_graph_of_its_family() -> None:
    families = {**dict.fromkeys(STEP_BY_STEP, "autoregressive"), **dict.fromkeys(ALL_AT_ONCE, "direct")}
    assert families == {name: entry.family for name, entry in TOPOLOGIES.items()}


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_the_same_pieces_as_in_python(topology: str, twelve: dict[str, Exported]) -> None:
    model = twelve[topology]
    sources = model.sources()
    expected = model.in_python(sources, beam_size=1)
    assert_same(model.on_onnxruntime(sources, beam_size=1), expected)
    assert varied(sources, expected)


@pytest.mark.parametrize("topology", [name for name, entry in TOPOLOGIES.items() if entry.ranks])
def test_the_same_lists_of_the_best(topology: str, twelve: dict[str, Exported]) -> None:
    model = twelve[topology]
    sources, search = model.sources(), {"beam_size": 5, "nbest": 5, "length_penalty": 0.4}
    found, expected = model.on_onnxruntime(sources, **search), model.in_python(sources, **search)
    assert {len(each.ids) for each in expected} == {5}
    assert_same(found, expected)


OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("attention", {"attention": "dot"}),
    ("attention", {"attention": "additive", "layers": 3, "residual": True, "layer_normalization": True}),
    ("attention", {"layers": 1, "joint": False}),
    ("attention", {"attention_heads": 4}),
    ("attention", {"attention": "additive", "attention_heads": 2}),
    ("encoder-decoder", {"bidirectional": False, "layer_normalization": True, "tied_embeddings": False}),
    ("many-to-one", {"layer_normalization": True, "residual": True, "embedding_size": 12}),
    ("peek", {"tied_embeddings": False, "joint": False, "layers": 1}),
    ("one-to-one", {"residual": True, "layer_normalization": True, "embedding_size": 12}),
    ("aligned", {"bidirectional": False, "joint": False, "tied_embeddings": False}),
    ("last-n", {"wait": 0.0}),
    ("last-n", {"wait": 1.0, "layer_normalization": True}),
    ("vector-dense", {"layer_normalization": True, "layers": 3}),
    ("repeat-vector", {"residual": True, "bidirectional": False}),
    ("ctc", {"bidirectional": False, "layer_normalization": True}),
]


@pytest.mark.parametrize(("topology", "options"), OPTIONS)
def test_every_option_of_a_model(topology: str, options: dict[str, Any], tiny_run: Path, tmp_path: Path) -> None:
    model = exported(topology, Tokenizers.load(tiny_run), tmp_path / "folder", **options)
    sources = model.sources(20)
    assert_same(model.on_onnxruntime(sources, beam_size=1), model.in_python(sources, beam_size=1))


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_a_translation_depends_on_its_sentence_alone(topology: str, twelve: dict[str, Exported]) -> None:
    model = twelve[topology]
    sources = model.sources(12)
    alone = [model.on_onnxruntime([source], beam_size=2)[0] for source in sources]
    assert_same(model.on_onnxruntime(sources, beam_size=2), alone)
