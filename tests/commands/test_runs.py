"""`mtlite runs`: what is in a folder, whatever state it is in."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from samples import ROOT

from mtlite.cli import main
from mtlite.storage.run_directory import Run


@pytest.fixture
def folder(tiny_run: Path, tmp_path: Path) -> Path:
    """A finished run, one that was stopped, one that was only begun, and two that are damaged."""
    for name in ("a/finished", "b-stopped", "c-broken", "d-altered"):
        shutil.copytree(tiny_run, tmp_path / name)
    (tmp_path / "b-stopped" / "result.json").unlink()
    (tmp_path / "c-broken" / "run.json").write_text("{")
    (tmp_path / "d-altered" / "resolved.yaml").write_text("modle: {}")
    (tmp_path / "e-begun").mkdir()
    (tmp_path / "e-begun" / "config.yaml").touch()
    return tmp_path


def listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main(["runs", str(folder)]) == 0
    return capsys.readouterr().out.splitlines()


def test_every_run_has_a_row_and_every_damaged_one_a_line(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "80")
    head, finished, stopped, begun, broken, altered = listed(Path(), capsys)
    corpus = Path(Run.open(folder / "a" / "finished").config.data.train[0].source or "").parent.name
    assert head.split() == ["run", "corpus", "topology", "state", "BLEU", "size"]
    assert finished.split()[:5] == ["a/finished", corpus, "en→de", "attention", "finished"]
    assert finished.endswith(" MB")
    assert float(finished.split()[-3]) >= 0
    assert "stopped at 20" in stopped
    assert begun.split()[:4] == ["e-begun", "stopped", "at", "0"]
    assert max(map(len, (head, finished, stopped, begun))) <= 80
    assert broken.startswith("c-broken: ")
    assert "run.json is damaged" in broken
    assert "unknown option 'modle'" in altered


def test_a_run_in_training(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)  # a long path would be folded over several lines
    with Run(folder / "b-stopped").locked():
        assert any("b-stopped" in row and "in training" in row for row in listed(Path("b-stopped"), capsys))
    assert not Run(folder / "b-stopped").in_use


def test_no_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert listed(tmp_path, capsys) == [f"no run directory below {tmp_path}: mtlite train makes one"]
    assert main(["runs", str(tmp_path / "missing")]) == 2
    assert "missing not found" in capsys.readouterr().err


def test_tensorflow_is_not_waited_for(folder: Path) -> None:
    code = "import sys; from mtlite.cli import main; main(sys.argv[1:]); assert 'tensorflow' not in sys.modules"
    command = [sys.executable, "-c", code, "runs", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
