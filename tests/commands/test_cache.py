"""`mtlite cache`: what is kept of prepared corpora."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtlite.cli import main
from mtlite.data.prepare import prepare
from mtlite.storage import cache as storage_cache
from mtlite.storage.cache import the_cache


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main(["cache", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.fixture
def filled(cache: Path, tiny_config: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that a process that has ended has left."""
    prepare(tiny_config(), lambda line: None)
    storage_cache._users_here[cache / "mtlite"].leave()
    monkeypatch.setenv("COLUMNS", "160")
    return cache / "mtlite"


def test_it_lists_and_sizes(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head, *rows, last = said(capsys)
    assert head.split() == ["what", "made", "from", "size", "last", "used", "in", "use", "by"]
    assert sum(row.startswith("pairs ") for row in rows) == 3
    assert any(row.startswith("encoded pairs  train.en, train.de") and " MB " in row for row in rows)
    assert last.startswith(f"{filled}: {len(rows)} entries, ")


def test_it_clears(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left = filled / f"{'a' * 64}.arrow"  # of an earlier version
    left.touch()
    number = len(the_cache().entries())
    (last,) = said(capsys, "clear")
    assert last.startswith(f"removed: {number} entries, ")
    assert last.endswith("kept: 0 entries, 0.0 MB")
    assert [path for path in filled.rglob("*") if path.is_file()] == []
    assert said(capsys) == [f"{filled}: 0 entries, 0.0 MB"]


def test_what_is_in_use_is_kept_and_named(
    filled: Path, tiny_config: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    user = filled / "users" / "abc"
    user.with_suffix(".entries").write_text(
        next(each.path.name for each in the_cache().entries() if each.what == "pairs")
    )
    user.with_name("abc.holder").write_text(json.dumps({"machine": "another-machine", "process": 12}))
    assert sum("process 12 on another-machine" in row for row in said(capsys)) == 1
    *kept, last = said(capsys, "clear")
    (line,) = kept
    assert "pairs of" in line
    assert f"in use by process 12 on another-machine (if it has ended, remove {user}.holder)" in line
    assert "kept: 1 entry, " in last
    assert [each.what for each in the_cache().entries()] == ["pairs"]


def test_an_empty_cache(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys) == [f"{cache}/mtlite: 0 entries, 0.0 MB"]
    assert said(capsys, "clear") == ["removed: 0 entries, 0.0 MB; kept: 0 entries, 0.0 MB"]
    assert main(["cache", "list"]) == 2
