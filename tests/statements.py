"""Jobs that run Python statements, in place of trainings: `python -m statements STATEMENT ... --parent NUMBER`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from samples import ROOT

from mtlite.ablation.jobs import Job


def job(folder: Path, name: str, *statements: str, **options: Any) -> Job:
    """A job that runs statements; it knows its folder as `run`."""
    values: dict[str, Any] = {"updates": 10, **options}
    run = folder / "cells" / name
    return Job(name, "statements", [run, *statements], folder / "logs" / f"{name}.log", run, **values)


def make_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes find this module."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests"))


if __name__ == "__main__":
    exec("\n".join(sys.argv[2 : sys.argv.index("--parent")]), {"run": Path(sys.argv[1])})
