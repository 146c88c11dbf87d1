"""From a run to a folder, whole or not at all."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from mtlite.errors import MtliteError, RunError, UsageError
from mtlite.export import engine, onnx_folder, wirings
from mtlite.export.export import export
from mtlite.export.translate import Model
from mtlite.translation.translator import Translator

LINES = ["one two three", "nine", ""]


def test_onnx_of_a_run(tiny_run: Path, tmp_path: Path) -> None:
    export(tiny_run, "onnx", tmp_path / "folder")
    expected = Translator.load(tiny_run, precision="float32")(LINES)
    assert Model(tmp_path / "folder").translate(LINES, 1, 1.0) == expected
    for side in ("source.model", "target.model"):
        assert (tmp_path / "folder" / side).read_bytes() == (tiny_run / side).read_bytes()


def test_int8_of_a_run(tiny_run: Path, tmp_path: Path) -> None:
    export(tiny_run, "onnx", tmp_path / "folder", "int8")
    assert len(Model(tmp_path / "folder").translate(LINES, 2, 1.0)) == len(LINES)


def test_saved_model_of_a_run(tiny_run: Path, tmp_path: Path) -> None:
    export(tiny_run, "saved-model", tmp_path / "folder")
    names = {path.name for path in (tmp_path / "folder").iterdir()}
    assert {"saved_model.pb", "variables", "source.model", "target.model"} <= names


def test_int8_is_for_onnx(tiny_run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--weights int8.*--to onnx"):
        export(tiny_run, "saved-model", tmp_path / "folder", "int8")


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_without_the_extra(missing: str, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "find_spec", lambda name: None if name == missing else find_spec(name))
    with pytest.raises(MtliteError, match=rf"--to onnx: {missing} is not installed: pip install .*\[onnx\]"):
        export(tiny_run, "onnx", tmp_path / "folder")


def test_what_fails_leaves_nothing(tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    weights = (run / "best.safetensors").read_bytes()
    (run / "best.safetensors").write_bytes(weights[:-50] + bytes(50))
    for to in ("onnx", "saved-model"):
        with pytest.raises(RunError, match="damaged"):
            export(run, to, tmp_path / "folder")  # type: ignore[arg-type]
    (run / "best.safetensors").unlink()
    with pytest.raises(RunError, match=r"best\.safetensors"):
        export(run, "onnx", tmp_path / "folder")
    monkeypatch.delitem(wirings.STEP_BY_STEP, "attention")
    with pytest.raises(UsageError, match="topology attention has no ONNX graph"):
        export(tiny_run, "onnx", tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_graph_that_is_too_large(tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_folder, "_MOST_BYTES", 100)
    with pytest.raises(UsageError, match=r"too large for ONNX.*--to saved-model"):
        export(tiny_run, "onnx", tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []
