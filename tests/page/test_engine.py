"""The engine in JavaScript computes what Python computes: all layers, through all topologies."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from page_in_node import run_module
from small_models import build

from mtlite.config.registry import TOPOLOGIES, unsupported
from mtlite.data.batches import pad
from mtlite.data.ids import BOS, EOS
from mtlite.page.compose import FOLDER
from mtlite.page.model import describe
from mtlite.page.weights import Precision, pack, rounded
from mtlite.storage.checkpoint import assign_weights, weight_arrays
from mtlite.topologies.topology import Topology

NODE_SCRIPT = Path(__file__).with_name("topologies_in_node.js").as_uri()
SOURCES = [[5, 6, 7, 8, 9, 10, EOS], [9, 9, EOS], [EOS]]
TARGETS = [[10, 11, 12, EOS], [4, 4, 13, EOS], [1, 5, 6, EOS], [7, EOS, 8, 9], [19, 18, 17, 16]]  # rows of one decode
ODD = {"embedding_size": 7, "units": 10, "vocabulary": 21}  # no multiples of four

VARIANTS: dict[str, dict[str, Any]] = {
    "one layer": {},
    "normalised": {"layer_normalization": True, "layers": 2, **ODD},
    "residual": {"residual": True, "layer_normalization": True, "layers": 3, "bidirectional": False},
    "two vocabularies": {"joint": False},
    "not tied": {"joint": False, "tied_embeddings": False, "layers": 2, **ODD},
}
OF_SOME: dict[tuple[str, str], dict[str, Any]] = {
    ("attention", "dot"): {"attention": "dot"},
    ("attention", "additive"): {"attention": "additive", "layers": 2, **ODD},
    ("attention", "heads"): {"attention_heads": 4, "layers": 2},
    ("attention", "additive heads"): {"attention": "additive", "attention_heads": 2, **ODD},
    ("last-n", "no wait"): {"wait": 0.0},
    ("last-n", "long wait"): {"wait": 1.0},
}
MODELS = {**{(name, variant): options for name in TOPOLOGIES for variant, options in VARIANTS.items()}, **OF_SOME}
PRECISIONS: dict[str, Precision] = {"normalised": "bfloat16", "not tied": "int8"}
"""In which a variant's weights are written; all others in float32."""


def answers(questions: Iterable[dict[str, Any]]) -> list[Any]:
    """What Node says: it starts once for all questions."""
    code = f"const {{answersTo}} = await import({json.dumps(NODE_SCRIPT)}); "
    return list(run_module(code + "console.log(JSON.stringify(await answersTo(page, given)));", list(questions)))


def varied(topology: str, options: dict[str, Any]) -> Topology:
    """A model whose outputs differ widely."""
    model = build(topology, **options)
    draw = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(draw.normal(scale=0.5, size=weight.shape))
    return model


def question(model: Topology, folder: Path, precision: Precision = "float32") -> dict[str, Any]:
    """What Node is asked of a model."""
    tensors, content = pack(weight_arrays(model.weights), precision)
    path = folder / "weights.bin"
    folder.mkdir(parents=True)
    path.write_bytes(content)
    asked = [{"source": source, "targets": TARGETS} for source in SOURCES]
    return {"description": describe(model.config, tensors), "weights": str(path), "asked": asked}


class Expected(NamedTuple):
    """What Python says, for each source."""

    logits: np.ndarray  # [sources, targets, positions, vocabulary]
    attention: np.ndarray | None  # [sources, targets, positions, source length], padded
    positions: list[int] | None  # of a topology that writes in one pass


def expected_of(model: Any) -> Expected:
    """The sources each with all targets, in one batch."""
    rows = pad([np.array(source, np.int32) for source in SOURCES for _ in TARGETS])
    targets = np.array(TARGETS * len(SOURCES), np.int32)
    shape = [len(SOURCES), len(TARGETS)]
    logits = model((rows, targets)).numpy()
    logits = logits.reshape(*shape, *logits.shape[1:])
    if model.family == "direct":
        return Expected(logits, None, model.positions(rows).numpy()[:: len(TARGETS)].tolist())
    memory, state = model.read(rows)
    attention = model.decode(np.pad(targets[:, :-1], [(0, 0), (1, 0)], constant_values=BOS), state, memory).attention
    return Expected(
        logits, None if attention is None else attention.numpy().reshape(*shape, *attention.shape[1:]), None
    )


Found = dict[tuple[str, str], tuple[Expected, Any]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What Python and Node say of every model: Node starts once."""
    folder = tmp_path_factory.mktemp("models")
    tf.config.run_functions_eagerly(True)  # tracing graphs takes longer than these tiny models
    expected, questions = [], []
    for number, ((topology, variant), options) in enumerate(MODELS.items()):
        able = {name: value for name, value in options.items() if name not in unsupported(topology, options)}
        model, precision = varied(topology, able), PRECISIONS.get(variant, "float32")
        questions.append(question(model, folder / str(number), precision))
        assign_weights(model.weights, rounded(weight_arrays(model.weights), precision), folder)
        expected.append(expected_of(model))
    tf.config.run_functions_eagerly(False)
    return dict(zip(MODELS, zip(expected, answers(questions), strict=True), strict=True))


@pytest.mark.parametrize(("topology", "variant"), MODELS)
def test_logits_are_those_of_python(topology: str, variant: str, found: Found) -> None:
    expected, answer = found[topology, variant]
    assert "error" not in answer, answer
    assert np.ptp(expected.logits) > 1.0
    for number, one in enumerate(answer):
        logits = expected.logits[number]
        if expected.positions is None:
            np.testing.assert_allclose(one["alone"], logits, atol=1e-4)
            assert one["together"] == one["alone"]  # what a row gives does not depend on the rows beside it
        else:
            assert one["positions"] == expected.positions[number]
            np.testing.assert_allclose(one["logits"], logits[0, : one["positions"]], atol=1e-4)


@pytest.mark.parametrize("variant", [*VARIANTS, "dot", "additive", "heads", "additive heads"])
def test_attention_is_that_of_python(variant: str, found: Found) -> None:
    expected, answer = found["attention", variant]
    assert expected.attention is not None
    for source, one, attention in zip(SOURCES, answer, expected.attention, strict=True):
        np.testing.assert_allclose(one["attention"], attention[..., : len(source)], atol=1e-5)
    assert found["peek", "one layer"][1][0]["attention"] is None


def damaged(asked: dict[str, Any], **change: Any) -> dict[str, Any]:
    """A question about a model one array of which is described otherwise."""
    again: dict[str, Any] = json.loads(json.dumps(asked))
    tensor = next(
        each for each in again["description"]["tensors"] if each["name"].endswith("decoder_0/lstm_cell/kernel")
    )
    tensor.update(change)
    return again


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    asked = question(build("encoder-decoder"), tmp_path / "good")
    size = Path(asked["weights"]).stat().st_size
    empty = tmp_path / "empty.bin"
    empty.touch()
    tensors = asked["description"]["tensors"]
    further = [*tensors, {**tensors[0], "name": "weights/topology/further"}]
    description = asked["description"]
    wrong = {
        "ends at byte": damaged(asked, offset=size - 4),
        f"ends at byte {tensors[0]['bytes']} of 0": {**asked, "weights": str(empty)},
        "ends at byte -": damaged(asked, offset=-(2**40)),
        "received [8,31]": damaged(asked, shape=[8, 31]),
        "received [8,32,1]": damaged(asked, shape=[8, 32, 1]),
        "received [256]": damaged(asked, shape=[256]),
        "received [null]": damaged(asked, shape=None),
        "needs 1024 bytes as float32, received 1020": damaged(asked, bytes=1020),
        "needs 512 bytes as bfloat16, received 1024": damaged(asked, format="bfloat16"),
        "needs 288 bytes as int8 rows, received 1024": damaged(asked, format="int8 rows"),
        "unknown format constructor": damaged(asked, format="constructor"),
        "as [8,32], received nothing": damaged(asked, name="weights/topology/other"),
        "two arrays": damaged(asked, name=tensors[0]["name"]),
        "nothing uses weights/topology/further": {**asked, "description": {**description, "tensors": further}},
        "as [1000000000,8], received [20,8]": {
            **asked,
            "description": {
                **description,
                "config": {**description["config"], "source_vocabulary": 10**9, "target_vocabulary": 10**9},
            },
        },
        "1000000000 layers": {
            **asked,
            "description": {**description, "config": {**description["config"], "layers": 10**9}},
        },
    }
    found = answers(wrong.values())
    for problem, answer in zip(wrong, found, strict=True):
        assert answer["error"].startswith("Error: weights: "), (problem, answer)
        assert problem in answer["error"]


@pytest.mark.parametrize("name", ["my_module:MyTopology", "constructor", "__proto__"])
def test_a_topology_without_a_file_is_refused(name: str, tmp_path: Path) -> None:
    asked = question(build("peek"), tmp_path / "good")
    asked["description"]["topology"] = name
    (answer,) = answers([asked])
    assert f"topology {name} has no file in engine/topologies: add one beside" in answer["error"]


def test_every_topology_has_a_file_of_its_name() -> None:
    files = {path.stem for path in (FOLDER / "engine" / "topologies").glob("*.js")}
    shared = {"topology", "autoregressive", "direct", "index"}
    assert files - shared == {name.replace("-", "_") for name in TOPOLOGIES}
