"""A penalty of blanks makes outputs longer, and is the same in everything that translates."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console
from samples import changed

from mtlite.config.options import SearchConfig
from mtlite.data.batches import pad
from mtlite.data.ids import PAD
from mtlite.export.engine import light_translator
from mtlite.export.export import export
from mtlite.page.model import pack_run
from mtlite.page.weights import StoredTensor, unpack
from mtlite.storage.tensors import load_arrays
from mtlite.training.train import train
from mtlite.translation.loading import load_model, open_runs, search_of, with_blank_penalty
from mtlite.translation.searcher import Searcher
from mtlite.translation.translator import Translator

LINES = ["one two three", "nine", "", "seven eight nine ten one two three four five"]
PENALTY = 3.0
BIAS = "weights/topology/head/bias"


@pytest.fixture(scope="module")
def run(tiny_config: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of CTC, which is searched with a penalty."""
    config = tiny_config(model={"topology": "ctc", "bidirectional": True}, training={"max_updates": 20})
    path = tmp_path_factory.mktemp("runs") / "blanks"
    config = changed(config, search=SearchConfig(beam_size=3, blank_penalty=PENALTY))
    train(config, path, console=Console(file=io.StringIO()))
    return path


@pytest.mark.parametrize("beam", [1, 3])
def test_without_it_outputs_are_longer_than_with_a_reward(run: Path, beam: int) -> None:
    found = {}
    for penalty in (-50.0, 0.0):
        translator = Translator.load(run, search={"beam_size": beam, "blank_penalty": penalty})
        found[penalty] = [len(each.target_pieces) for each in translator.translate(LINES)]
    assert found[-50.0] == [0] * len(LINES)
    assert min(found[0.0]) > 0
    assert Translator.load(run).config.blank_penalty == PENALTY


@pytest.mark.parametrize("beam", [1, 3])
def test_it_is_what_a_model_with_another_bias_does(run: Path, beam: int) -> None:
    model, other = load_model(run, "float32"), load_model(run, "float32")
    sources = open_runs([run]).tokenizers.source.encode(LINES)
    found = Searcher([model], SearchConfig(beam_size=beam, nbest=beam, blank_penalty=PENALTY)).search(sources)
    other.head.bias.assign(other.head.bias - PENALTY * tf.one_hot(PAD, other.config.target_vocabulary))
    expected = Searcher([other], SearchConfig(beam_size=beam, nbest=beam)).search(sources)
    for one, same in zip(found, expected, strict=True):
        assert one.ids == same.ids
        np.testing.assert_allclose(one.scores, same.scores, atol=1e-5)


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("asked", [{}, {"beam_size": 1}, {"blank_penalty": 0.5}])
def test_onnxruntime_searches_with_it(run: Path, asked: dict[str, Any]) -> None:
    opened = open_runs([run])
    light: Any = light_translator(opened, search_of(opened.runs[0], asked), "onnx")
    expected = Translator.load(run, search=asked, precision="float32").translate(LINES)
    for one, other in zip(light.translate(LINES), expected, strict=True):
        assert one.texts == other.texts
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-4)


def test_a_saved_model_searches_with_it(run: Path, tmp_path: Path) -> None:
    export(run, "saved-model", tmp_path / "saved")
    sources = open_runs([run]).tokenizers.source.encode(LINES)
    translate = tf.saved_model.load(str(tmp_path / "saved")).signatures["serving_default"]
    found = translate(source=tf.constant(pad(sources)))["ids"].numpy()
    greedy = SearchConfig(beam_size=1, blank_penalty=PENALTY)
    expected = Searcher([load_model(run, "float32")], greedy).search(sources)
    assert [[*row[row != PAD]] for row in found] == [each.ids[0] for each in expected]


def test_a_page_carries_it_in_the_bias(run: Path) -> None:
    packed = pack_run(run, "float32")
    tensors: Any = packed.description["tensors"]
    found = unpack([StoredTensor(**each) for each in tensors], packed.weights)
    stored, _ = load_arrays(run / "best.safetensors")
    np.testing.assert_allclose(found[BIAS], stored[BIAS] - PENALTY * np.eye(len(stored[BIAS]))[PAD], atol=1e-6)
    assert all(np.array_equal(found[name], stored[name]) for name in stored if name != BIAS)


def test_other_topologies_keep_their_weights() -> None:
    arrays = {BIAS: np.zeros(5, np.float32)}
    assert with_blank_penalty(arrays, "aligned", SearchConfig(blank_penalty=1.0)) is arrays
    assert with_blank_penalty(arrays, "ctc", SearchConfig()) is arrays
    lower = with_blank_penalty(arrays, "ctc", SearchConfig(blank_penalty=1.0))[BIAS]
    np.testing.assert_array_equal(lower, [-1, 0, 0, 0, 0])
    np.testing.assert_array_equal(arrays[BIAS], np.zeros(5))
