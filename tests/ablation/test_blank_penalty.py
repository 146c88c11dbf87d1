"""A penalty for blanks is chosen on dev, and the test set is translated with it alone."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

import blank_penalty
import pytest
from recipe_variants import trained_systems
from rich.console import Console

from mtlite.errors import UsageError
from mtlite.storage.run_directory import Run
from mtlite.training.train import train


@pytest.fixture(scope="module")
def cell(tiny_config: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of ctc, where an ablation has it."""
    path = tmp_path_factory.mktemp("ablation") / "cells" / "ctc-seed-1"
    config = tiny_config(
        model={"topology": "ctc", "bidirectional": True}, training={"max_updates": 150, "learning_rate": 0.01}
    )
    train(config, path, console=Console(file=io.StringIO()))
    return path


def test_what_is_measured(cell: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blank_penalty, "PENALTIES", (-100.0, 0.0))
    found = blank_penalty.measure([cell], Run(cell).references("test"))
    assert list(found["dev"]) == [-100.0, 0.0]
    blanks, without = (seeds[0] for seeds in found["dev"].values())
    assert blanks["length"] == 0 < without["length"]
    assert found["chosen"] == 0.0
    assert [len(hypotheses) for hypotheses in found["test"].values()] == [8]


def test_another_test_set_is_refused(cell: Path) -> None:
    with pytest.raises(UsageError, match=r"another test set than twelve-multi30k\.jsonl\.xz"):
        blank_penalty.measure([cell], blank_penalty.references())


def test_what_is_recorded() -> None:
    columns, rows = blank_penalty.table()
    without, *_ = rows
    assert len(columns) == len(without)
    (recorded,) = (each for each in trained_systems(blank_penalty.ABLATION_RECORD) if each.name == "ctc")
    assert without[3] == f"{mean(recorded.scores('greedy', 'test', 'bleu')):.2f}"
    (chosen,) = (row for row in rows[1:] if row[3])
    assert float(chosen[1]) == max(float(row[1]) for row in rows)
    assert float(chosen[6]) > float(without[6])


def test_a_folder_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["blank_penalty.py", str(tmp_path)])
    with pytest.raises(SystemExit, match="2"):
        blank_penalty.main()
    assert "expected the run directory of an ablation that has trained ctc there" in capsys.readouterr().err
