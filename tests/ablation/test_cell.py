"""A cell takes nothing away from anybody, and ends with whoever started it."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samples import ROOT

from mtlite.ablation import cell
from mtlite.ablation.cell import discard_if_unusable, read_outcome, run_cell
from mtlite.errors import RunError, UsageError
from mtlite.storage.run_directory import Run
from mtlite.storage.tensors import load_arrays, save_arrays
from mtlite.training.loop import Loop


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
    run.write_facts(dataclasses.replace(run.facts, format=1))
    with pytest.raises(RunError, match="another version of mtlite"):
        discard_if_unusable(Run(run.path))
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


def test_an_outcome_that_is_cut_or_of_something_else_is_damaged(tmp_path: Path) -> None:
    assert read_outcome(tmp_path) is None
    for content in ('{"half', "{}", "[]"):
        (tmp_path / "outcome.json").write_text(content)
        with pytest.raises(RunError, match=r"outcome\.json is damaged"):
            read_outcome(tmp_path)


def test_a_cell_leaves_everything_that_a_comparison_asks_for(
    tiny_config: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config(model={"topology": "attention"}, training={"max_updates": 2, "validate_every": 2})
    Run(tmp_path).write_config("recipe.yaml", config)
    run = Run(tmp_path / "cell")
    run_cell(tmp_path / "recipe.yaml", run, (5, 6), 2)
    outcome = read_outcome(run.path)
    assert outcome is not None
    assert set(outcome.outputs) == {"greedy", "beam"}
    assert outcome.flops_per_pair
    assert outcome.attention
    assert len(outcome.likelihood["test"].nll) == len(outcome.outputs["greedy"]["test"].hypotheses)
    (run.path / "outcome.json").unlink()
    monkeypatch.setattr(Loop, "fit", None)  # what is trained is not trained again
    run_cell(tmp_path / "recipe.yaml", run, (5, 6), 0)
    assert read_outcome(run.path) is not None


def test_a_cell_that_writes_in_one_pass_has_no_second_search(tiny_config: Callable[..., Any], tmp_path: Path) -> None:
    config = tiny_config(model={"topology": "one-to-one"}, training={"max_updates": 2, "validate_every": 2})
    Run(tmp_path).write_config("recipe.yaml", config)
    run_cell(tmp_path / "recipe.yaml", Run(tmp_path / "cell"), (5, 6), 2)
    outcome = read_outcome(tmp_path / "cell")
    assert outcome is not None
    assert set(outcome.outputs) == {"greedy"}


def test_a_failure_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    arguments = ["cell", str(tmp_path / "none.yaml"), str(tmp_path / "cell"), "--pair", "5", "6"]
    monkeypatch.setattr(sys, "argv", [*arguments, "--parent", str(os.getppid())])
    monkeypatch.setattr(cell, "end_with_parent", lambda parent: None)
    assert cell.main() == 2
    assert capsys.readouterr().err.startswith("mtlite: cannot read recipe")
    monkeypatch.setattr(cell, "run_cell", lambda *_: 1 // 0)
    assert cell.main() == 1
    assert "mtlite: unexpected ZeroDivisionError: integer division" in capsys.readouterr().err.splitlines()[-1]
