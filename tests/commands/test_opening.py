"""A command opens its run once, and reads every file of it once."""

from __future__ import annotations

import builtins
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mtlite.cli import main
from mtlite.storage.run_directory import Run


@pytest.fixture
def reads(tiny_run: Path, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a run was opened, and how often each file of it."""
    counts: Counter[str] = Counter()
    open_run, open_file = Run.open, builtins.open

    def opened(path: Any) -> Run:
        counts["a run"] += 1
        return open_run(path)

    def counted(file: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(file, str | Path) and Path(file).is_relative_to(tiny_run):
            counts[Path(file).name] += 1
        return open_file(file, *arguments, **options)

    monkeypatch.setattr(Run, "open", opened)
    for name in ("builtins.open", "io.open"):  # pathlib has the second
        monkeypatch.setattr(name, counted)
    return counts


@pytest.mark.parametrize(
    "arguments",
    [
        ["translate", "RUN", "--input", "FILE"],
        ["evaluate", "RUN"],
        ["attention", "RUN", "one two", "-o", "map.svg"],
    ],
)
def test_a_run_is_opened_once(
    arguments: list[str], tiny_run: Path, tmp_path: Path, reads: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lines.txt").write_text("one two\n")
    places = {"RUN": str(tiny_run), "FILE": "lines.txt"}
    assert main([places.get(argument, argument) for argument in arguments]) == 0
    assert {"a run": 1, "run.json": 1, "resolved.yaml": 1, "source.model": 1}.items() <= reads.items()
    assert max(reads.values()) == 1, reads
