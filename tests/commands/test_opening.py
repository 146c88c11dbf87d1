"""A command opens its run once, and reads every file of it once."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtlite.cli import main
from mtlite.storage.run_directory import Run


@pytest.fixture
def reads(tiny_run: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often a run was opened, and how often each file of it."""
    counts: Counter[str] = Counter()
    open_run, watching = Run.open, [True]

    def opened(path: Any) -> Run:
        counts["a run"] += 1
        return open_run(path)

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        """However a file is opened, Python says it to such a hook, which stays for good."""
        if watching and event == "open" and isinstance(arguments[0], str) and str(tiny_run) in arguments[0]:
            counts[Path(arguments[0]).name] += 1

    monkeypatch.setattr(Run, "open", opened)
    sys.addaudithook(heard)
    yield counts
    watching.clear()


@pytest.mark.parametrize(
    ("arguments", "again"),
    [
        (["translate", "RUN", "--input", "FILE", "--engine", "tensorflow"], []),
        (["evaluate", "RUN"], ["test.source", "test.target"]),  # for the examples in its card
        (["attention", "RUN", "one two", "-o", "map.svg"], []),
    ],
)
def test_a_run_is_opened_once(
    arguments: list[str],
    again: list[str],
    tiny_run: Path,
    tmp_path: Path,
    reads: Counter[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lines.txt").write_text("one two\n")
    places = {"RUN": str(tiny_run), "FILE": "lines.txt"}
    assert main([places.get(argument, argument) for argument in arguments]) == 0
    assert {"a run": 1, "run.json": 1, "resolved.yaml": 1, "source.model": 1}.items() <= reads.items()
    assert [name for name, count in reads.items() if count > 1] == again, reads
