"""`mtlite export`: a folder for other programs; wrong requests are one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mtlite.cli import main

OWN = '''
from mtlite.config.registry import Entry
from mtlite.topologies.attention import Attention


class Mine(Attention):
    """Reads, remembers, and writes as attention does."""

    entry = Entry("autoregressive", "o", "reads", "remembers", "writes", ("bidirectional", "attention"))
'''


def test_a_folder_is_made_and_its_files_named(
    tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "folder"
    assert main(["export", str(tiny_run), "--to", "onnx", "-o", str(output), "--weights", "int8"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert all(name in said.out for name in (str(output), " MB", "translate.py", "encoder.onnx", "config.json"))
    assert {path.name for path in output.iterdir()} >= {"translate.py", "decoder.onnx"}


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["RUN", "--to", "onnx", "-o", "there"], 2, "there exists"),
        (["RUN", "--to", "onnx", "-o", "none/folder"], 2, "none"),
        (["RUN", "--to", "tflite", "-o", "folder"], 2, "saved-model"),
        (["RUN", "--to", "onnx", "-o", "folder", "--weights", "int4"], 2, "int8"),
        (["RUN", "--to", "saved-model", "-o", "folder", "--weights", "int8"], 2, "--to onnx"),
        (["RUN", "--to", "onnx"], 2, "--output"),
        (["there", "--to", "onnx", "-o", "folder"], 1, "there"),
        (["missing", "--to", "onnx", "-o", "folder"], 1, "missing"),
    ],
)
def test_a_wrong_request_is_one_line(
    arguments: list[str],
    code: int,
    expected: str,
    tiny_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    assert main(["export", *[str(tiny_run) if each == "RUN" else each for each in arguments]]) == code
    error = capsys.readouterr().err
    assert expected in error
    assert len(error.splitlines()) == 1
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


def test_a_topology_of_ones_own(
    tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_export.py").write_text(OWN, encoding="utf-8")
    shutil.copytree(tiny_run, tmp_path / "run")
    resolved = tmp_path / "run" / "resolved.yaml"
    text = resolved.read_text(encoding="utf-8")
    resolved.write_text(text.replace("topology: attention", "topology: own_export:Mine"), encoding="utf-8")
    assert main(["export", "run", "--to", "onnx", "-o", "folder"]) == 1
    assert "--topology own_export:Mine" in capsys.readouterr().err
    allowed = ["export", "run", "-o", "folder", "--topology", "own_export:Mine"]
    assert main([*allowed, "--to", "onnx"]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert all(word in error for word in ("own_export:Mine", "no ONNX graph", "--to saved-model"))
    assert not (tmp_path / "folder").exists()
    assert main([*allowed, "--to", "saved-model"]) == 0
    assert (tmp_path / "folder" / "saved_model.pb").is_file()
