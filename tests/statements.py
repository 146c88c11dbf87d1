"""Jobs that run Python statements instead of trainings: `python -m statements RECIPE RUN STATEMENT ...`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from samples import ROOT

from mtlite.ablation.jobs import Job


def job(folder: Path, name: str, *statements: str, **options: Any) -> Job:
    """A job of an ablation in `folder`; its statements know its own folder as `run`, and the name of their recipe."""
    return Job(
        name=name,
        module="statements",
        recipe=folder / "recipes" / f"{name}.yaml",
        run=folder / "cells" / name,
        arguments=list(statements),
        log=folder / "logs" / f"{name}.log",
        **{"updates": 10, **options},
    )


def make_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes find this module."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests"))


if __name__ == "__main__":
    from mtlite.runtime import end_with_parent

    end_with_parent(int(sys.argv[-1]))
    names = {"recipe": Path(sys.argv[1]), "run": Path(sys.argv[2])}
    exec("\n".join(sys.argv[3 : sys.argv.index("--parent")]), names)
