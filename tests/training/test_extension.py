"""A finished run is given more updates: it trains on, and everything says that its schedule was extended."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest

from mtlite.cli import main
from mtlite.comparison.comparable import group_runs
from mtlite.comparison.outcome import outcome_of
from mtlite.config.recipe import read_config
from mtlite.errors import UsageError
from mtlite.storage.checkpoint import load_state
from mtlite.storage.run_directory import Extension, Run
from mtlite.training.train import train


@pytest.fixture
def copy(tiny_run: Path, tmp_path: Path) -> Path:
    shutil.copytree(tiny_run, tmp_path / "run")
    return tmp_path / "run"


def test_a_finished_run_is_given_more_updates(copy: Path, tiny_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--run", str(copy), "--resume", "--training.max_updates", "24"]) == 0
    assert "schedule extended at update 20 from 20 to 24" in capsys.readouterr().err
    run = Run.open(copy)
    assert run.facts.extensions == [Extension(20, 20)]
    assert (run.finished, run.config.training.max_updates) == (True, 24)
    before = Run.open(tiny_run).config.training
    assert dataclasses.replace(run.config.training, max_updates=20) == before
    state, _ = load_state(copy)
    assert state
    assert state.progress.update == 24
    # It goes on as any run does, and can be extended again.
    assert main(["train", "--run", str(copy), "--resume"]) == 0
    assert "nothing to do" in capsys.readouterr().err
    assert main(["train", "--run", str(copy), "--resume", "--training.max_updates", "25"]) == 0
    assert Run.open(copy).facts.extensions == [Extension(20, 20), Extension(24, 24)]
    # Beside another run it is a system of its own, with a mark.
    outcomes = [outcome_of(Run.open(path)).with_search_named("greedy") for path in (tiny_run, copy)]
    first, second = group_runs([str(tiny_run), str(copy)], outcomes, str(tiny_run))[0]
    assert not any("extended" in mark for mark in first.marks)
    assert "schedule extended at update 20 from 20" in second.marks


def test_an_extension_that_was_interrupted_is_made_whole(copy: Path, console: Any, monkeypatch: Any) -> None:
    config = read_config(copy / "config.yaml")
    config = dataclasses.replace(config, training=dataclasses.replace(config.training, max_updates=22))
    write = Run.write_config

    def stop(run: Run, name: str, *rest: Any) -> None:
        if name == "config.yaml":
            raise KeyboardInterrupt
        write(run, name, *rest)

    monkeypatch.setattr(Run, "write_config", stop)
    with pytest.raises(KeyboardInterrupt):
        train(config, copy, resume=True, console=console)
    monkeypatch.undo()
    run = train(config, copy, resume=True, console=console)
    assert (run.finished, run.facts.extensions) == (True, [Extension(20, 20)])


@pytest.mark.parametrize(
    ("training", "message"),
    [
        ({"max_updates": 19}, "training.max_updates: expected more than 20, received 19"),
        ({"max_updates": 24, "learning_rate": 0.1}, "only a larger training.max_updates may be given"),
    ],
)
def test_what_else_differs_is_refused(copy: Path, training: dict[str, Any], message: str, console: Any) -> None:
    config = read_config(copy / "config.yaml")
    config = dataclasses.replace(config, training=dataclasses.replace(config.training, **training))
    with pytest.raises(UsageError, match=message):
        train(config, copy, resume=True, console=console)
    assert Run.open(copy).finished
