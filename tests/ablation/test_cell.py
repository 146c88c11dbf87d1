"""A cell takes nothing away from anybody, and ends with whoever started it."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from samples import ROOT

from mtlite.ablation.ablate import Work
from mtlite.ablation.cell import discard_if_unusable
from mtlite.ablation.cells import Cell, System
from mtlite.errors import RunError, UsageError
from mtlite.storage.run_directory import Run
from mtlite.storage.tensors import load_arrays, save_arrays


def copy_of(run: Path, folder: Path) -> Run:
    shutil.copytree(run, folder / "cell")
    return Run(folder / "cell")


def test_a_whole_run_stays(tiny_run: Path, tmp_path: Path) -> None:
    run = copy_of(tiny_run, tmp_path)
    discard_if_unusable(run)
    assert run.finished


def test_without_a_whole_state_it_is_put_aside(tiny_run: Path, tmp_path: Path) -> None:
    run = copy_of(tiny_run, tmp_path)
    for name in ("last", "previous"):
        (run.path / f"{name}.safetensors").write_bytes(b"cut")
    discard_if_unusable(run)
    assert not run.path.exists()
    assert (tmp_path / "cell.damaged-1" / "run.json").exists()


def test_without_the_best_weights_it_is_put_aside(tiny_run: Path, tmp_path: Path) -> None:
    run = copy_of(tiny_run, tmp_path)
    (run.path / "best.safetensors").unlink()
    arrays, facts = load_arrays(run.path / "last.safetensors")
    save_arrays(run.path / "last.safetensors", arrays, {**facts, "best_update": 1})
    discard_if_unusable(run)
    assert not run.path.exists()


def test_a_beginning_is_put_aside(tmp_path: Path) -> None:
    run = Run(tmp_path / "cell")
    run.path.mkdir()
    (run.path / "config.yaml").touch()
    discard_if_unusable(run)
    assert (tmp_path / "cell.damaged-1" / "config.yaml").exists()


def test_a_run_in_use_is_left_alone(tmp_path: Path) -> None:
    run = Run(tmp_path / "cell")
    with run.locked():
        (run.path / "config.yaml").touch()
        with pytest.raises(RunError, match="in use"):
            discard_if_unusable(run)
    assert (run.path / "config.yaml").exists()


def test_a_run_of_another_version_or_somebody_elses_folder_is_left_alone(tiny_run: Path, tmp_path: Path) -> None:
    run = copy_of(tiny_run, tmp_path)
    run.write_json("run.json", {**run.facts(), "format": 2})
    with pytest.raises(RunError, match="has format 2"):
        discard_if_unusable(run)
    other = Run(tmp_path / "letters")
    other.path.mkdir()
    (other.path / "letter.txt").touch()
    with pytest.raises(UsageError, match="is not a run directory"):
        discard_if_unusable(other)
    assert run.path.exists()
    assert (other.path / "letter.txt").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has ended")
def test_a_cell_whose_parent_is_gone_before_it_begins_does_not_begin(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    command = [sys.executable, "-m", "mtlite.ablation.cell", "recipe.yaml", str(tmp_path / "cell"), "--pair", "1", "1"]
    done = subprocess.run([*command, "--parent", str(gone.pid)], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 1
    assert not (tmp_path / "cell").exists()


def test_an_outcome_that_was_damaged_is_made_again(tmp_path: Path) -> None:
    """The training stands beside it, so that only the counting is done again; the other cells are not held up."""
    experiment: Any = SimpleNamespace(folder=tmp_path)
    said = io.StringIO()
    work = Work(experiment, {}, None, 1, Console(file=said, width=500))
    cell = Cell(System("peek"), 1)
    place = tmp_path / "cells" / cell.name
    place.mkdir(parents=True)
    (place / "outcome.json").write_text('{"half')
    assert work._read(cell) is None
    assert "outcome.json is damaged" in said.getvalue()
