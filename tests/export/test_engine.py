"""`mtlite translate` on onnxruntime: the same hypotheses without TensorFlow, graphs that are made once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export.exported import Exported, assert_same
from samples import ROOT

from mtlite.config.options import SearchConfig
from mtlite.errors import MtliteError, UsageError
from mtlite.export import engine, wirings
from mtlite.export.engine import OnnxSearcher, light_translator
from mtlite.export.translate import Model
from mtlite.storage.cache import the_cache
from mtlite.storage.tensors import load_arrays, save_arrays
from mtlite.translation.loading import open_runs, search_of
from mtlite.translation.translator import Translator

LINES = ["one two three", "nine", "", "seven eight nine ten one two three four five", "two, twö & 漢字"]

pytestmark = pytest.mark.usefixtures("cache")


def light(run: Path, chosen: engine.Engine = "onnx", **search: Any) -> Any:
    opened = open_runs([run])
    return light_translator(opened, search_of(opened.runs[0], search), chosen)


def entries() -> list[Path]:
    return [entry.path for entry in the_cache().entries() if entry.what == "graphs"]


@pytest.mark.parametrize("search", [{}, {"beam_size": 4, "nbest": 3}, {"beam_size": 2, "max_source_tokens": 3}])
def test_the_same_translations(search: dict[str, Any], tiny_run: Path) -> None:
    found = light(tiny_run, **search).translate(LINES)
    expected = Translator.load(tiny_run, search=search, precision="float32").translate(LINES)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-4)
        for part in ("texts", "source_pieces", "target_pieces", "truncated", "unknown"):
            assert getattr(one, part) == getattr(other, part)
        assert one.attention.shape == (len(one.target_pieces), 0)


def test_graphs_are_made_once_for_all_searches_and_again_for_other_weights(tiny_run: Path, tmp_path: Path) -> None:
    light(tiny_run)
    made = entries()
    light(tiny_run, beam_size=3)
    light(tiny_run, "auto")
    assert entries() == made
    assert len(made) == 1
    copy = tmp_path / "copy"
    shutil.copytree(tiny_run, copy)
    light(copy)  # the same weights elsewhere
    assert entries() == made
    arrays, facts = load_arrays(copy / "best.safetensors")
    save_arrays(copy / "best.safetensors", {name: array + np.float32(0.5) for name, array in arrays.items()}, facts)
    assert light(copy).translate(LINES)[0].scores != light(tiny_run).translate(LINES)[0].scores
    assert len(entries()) == 2


def test_damaged_graphs_are_made_again(tiny_run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    expected = light(tiny_run).translate(LINES)[0].texts
    graph = entries()[0] / "decoder.onnx"
    graph.write_bytes(graph.read_bytes()[:-9])
    assert light(tiny_run).translate(LINES)[0].texts == expected
    assert "damaged" in capfd.readouterr().err


def test_tensorflow_is_not_imported(tiny_run: Path) -> None:
    code = "import sys; from mtlite.cli import main; main(sys.argv[1:]); print(sorted(sys.modules))"
    command = [sys.executable, "-c", code, "translate", str(tiny_run), "--engine", "onnx"]
    done = subprocess.run(command, input="one two\n", capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    translation, modules = done.stdout.splitlines()
    assert translation == light(tiny_run).translate(["one two"])[0].texts[0]
    assert "'onnxruntime'" in modules
    for slow in ("tensorflow", "keras", "datasets", "pyarrow", "matplotlib", "sacrebleu", "scipy"):
        assert f"'{slow}'" not in modules


@pytest.mark.parametrize(("search", "needs"), [({"sample": True}, "sampling"), ({"min_length": 3}, "a minimum length")])
def test_what_needs_tensorflow(search: dict[str, Any], needs: str, tiny_run: Path) -> None:
    assert light(tiny_run, "auto", **search) is None
    with pytest.raises(UsageError, match=f"--engine onnx: {needs} .*--engine tensorflow"):
        light(tiny_run, "onnx", **search)
    assert entries() == []


def test_an_ensemble_needs_tensorflow(tiny_run: Path) -> None:
    opened = open_runs([tiny_run, tiny_run])
    search = search_of(opened.runs[0], None)
    assert light_translator(opened, search, "auto") is None
    with pytest.raises(UsageError, match="--engine onnx: an ensemble"):
        light_translator(opened, search, "onnx")


def test_a_topology_without_graphs_needs_tensorflow(tiny_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(wirings.STEP_BY_STEP, "attention")
    assert light(tiny_run, "auto") is None
    with pytest.raises(UsageError, match=r"topology attention .*--engine tensorflow"):
        light(tiny_run, "onnx")


def test_tensorflow_is_taken_where_it_is_asked_for(tiny_run: Path) -> None:
    assert light(tiny_run, "tensorflow") is None
    assert entries() == []


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_without_the_extra(missing: str, tiny_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "find_spec", lambda name: None if name == missing else find_spec(name))
    assert light(tiny_run, "auto") is None
    with pytest.raises(MtliteError, match=rf"--engine onnx: {missing} is not installed: pip install .*\[onnx\]"):
        light(tiny_run, "onnx")


def test_a_cache_that_cannot_be_written(tiny_run: Path, cache: Path, capfd: pytest.CaptureFixture[str]) -> None:
    cache.write_text("a file where the folder is to be")
    assert light(tiny_run, "auto") is None
    assert "HF_DATASETS_CACHE" in capfd.readouterr().err
    with pytest.raises(MtliteError, match=r"--engine onnx: cannot keep graphs in .*HF_DATASETS_CACHE"):
        light(tiny_run, "onnx")


def test_batches_change_nothing(twelve: dict[str, Exported]) -> None:
    model = twelve["attention"]
    sources, search = model.sources(), SearchConfig(beam_size=2)
    small, large = Model(model.folder), Model(model.folder)
    small.config["batch_tokens"], large.config["batch_tokens"] = 20, 10**6
    assert_same(*(OnnxSearcher(each, search).search(sources) for each in (small, large)))


@pytest.mark.parametrize("hypotheses", [[([], float("nan"))], []])
def test_scores_that_are_no_numbers(
    hypotheses: list[Any], twelve: dict[str, Exported], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Model(twelve["ctc"].folder)
    monkeypatch.setattr(program, "search", lambda sources, beam, penalty: [hypotheses for _ in sources])
    with pytest.raises(MtliteError, match="no numbers"):
        OnnxSearcher(program, SearchConfig()).search([[3]])
