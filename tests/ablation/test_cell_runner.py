"""Cells that are done are not run again; cells that failed hold up no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from made_up import made_up
from rich.console import Console

from mtlite.ablation import cell_runner
from mtlite.ablation.cell_runner import CellRunner
from mtlite.ablation.cells import Cell, cells_of, tuning_cells_of
from mtlite.ablation.header import Header
from mtlite.ablation.jobs import Job
from mtlite.ablation.processes import Processes
from mtlite.ablation.record import Record
from mtlite.comparison.outcome import Outcome
from mtlite.comparison.systems import System
from mtlite.config.options import Config
from mtlite.config.read import plain
from mtlite.config.resolve import choose_budget, choose_sizes, resolved

CONFIG = resolved(Config(), *choose_sizes(Config(), 1000), choose_budget(Config().training, 100, 1000))


def keep(folder: Path, outcome: Outcome) -> None:
    folder.mkdir(parents=True)
    (folder / "outcome.json").write_text(json.dumps(plain(outcome)))


@pytest.fixture
def runner(tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch) -> Callable[..., CellRunner]:
    """`runner(header, outcomes, {"peek-seed-1": "the loss is nan"})`: cells "run" by copying their outcomes."""
    monkeypatch.setattr(cell_runner, "Plan", lambda *_: SimpleNamespace(config=lambda *_: CONFIG))

    def make(
        header: Header, outcomes: dict[str, Outcome], failing: dict[str, str], record: Record | None = None
    ) -> CellRunner:
        def run_jobs(jobs: list[Job], engine: Any, done: Any, failed: Any, console: Console) -> None:
            for job in jobs:
                if job.name in failing:
                    failed(job, failing[job.name])
                else:
                    keep(job.run, outcomes[job.name])
                    done(job)

        monkeypatch.setattr(cell_runner, "run_jobs", run_jobs)
        experiment: Any = SimpleNamespace(folder=tmp_path, ablation=header.ablation, pair=(5, 6))
        return CellRunner(experiment, header, record, Processes(1), console)

    return make


def test_cells_of_the_record_and_of_the_folder_are_done(
    runner: Callable[..., CellRunner], tmp_path: Path, console: Any
) -> None:
    header, outcomes = made_up()
    names = list(outcomes)
    record = Record(tmp_path / "r.jsonl.xz")
    record.add_header(header)
    record.add(header, names[0], outcomes[names[0]])
    keep(tmp_path / "cells" / names[1], outcomes[names[1]])
    running = runner(header, outcomes, {}, Record(record.path))
    running.run(cells_of(header.ablation))
    assert "4 cells, 2 of them done" in console.file.getvalue()
    assert set(running.outcomes) == set(Record(record.path).outcomes(header)) == set(names)
    assert running.failures == {}


def test_an_outcome_that_was_damaged_is_made_again(
    runner: Callable[..., CellRunner], tmp_path: Path, console: Any
) -> None:
    header, outcomes = made_up(topologies=["peek"], seeds=[1])
    running = runner(header, outcomes, {"peek-seed-1": "the loss is nan"})
    (tmp_path / "cells" / "peek-seed-1").mkdir(parents=True)
    (tmp_path / "cells" / "peek-seed-1" / "outcome.json").write_text('{"half')
    running.run(cells_of(header.ablation))
    assert "outcome.json is damaged" in console.file.getvalue()
    assert running.failures == {"peek-seed-1": "the loss is nan"}


def test_without_its_tuning_a_system_is_not_trained(runner: Callable[..., CellRunner]) -> None:
    header, outcomes = made_up(seeds=[1], tune={"training.learning_rate": [0.1, 0.2]})
    failing = {f"peek-learning_rate={rate}-tuning": "no memory" for rate in (0.1, 0.2)}
    running = runner(header, outcomes, failing)
    running.run(tuning_cells_of(header.ablation))
    running.run(cells_of(header.ablation))
    assert running.failures == {**failing, "peek-seed-1": "no cell of its tuning was finished"}
    assert "attention-seed-1" in running.outcomes


def test_a_topology_from_outside_is_handed_to_its_cells(
    runner: Callable[..., CellRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    header, outcomes = made_up()
    running = runner(header, outcomes, {})
    arguments = running._job(Cell(System("my_module:Mine"), 1, tried={})).arguments
    assert arguments[-2:] == ["--topology", "my_module:Mine"]
