"""Translations of a corpus: kept as they come, and whole in the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtlite.cli import main
from mtlite.translation import distil
from mtlite.translation.translator import Translator

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with nothing in it."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def lines_of(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text("utf-8").splitlines()]


def test_it_goes_on_where_it_stopped(tiny_run: Path, folder: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(distil, "_AT_ONCE", 7)
    translate, calls = Translator.translate, []

    def stopping(self: Translator, lines: Any, first: int = 0) -> Any:
        calls.append(first)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return translate(self, lines, first)

    monkeypatch.setattr(Translator, "translate", stopping)
    command = ["distil", str(tiny_run), "--beam", "1", "-o"]
    assert main([*command, str(folder / "new.tsv")]) == 130
    assert capsys.readouterr().err.splitlines()[-1].startswith("mtlite: stopped: 14 of 60 translations are kept in ")
    (part,) = folder.iterdir()
    with open(part, "ab") as file:
        file.write(b"half a li")  # what a kill can leave
    assert main([*command, str(folder / "new.tsv")]) == 0
    assert calls[:5] == [0, 7, 14, 14, 21]
    monkeypatch.undo()
    assert main([*command, str(folder / "whole.tsv")]) == 0
    assert (folder / "new.tsv").read_bytes() == (folder / "whole.tsv").read_bytes()


def test_another_search_does_not_go_on(tiny_run: Path, folder: Path, monkeypatch: Any) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Translator, "translate", stop)
        for beam in ("1", "2"):
            assert main(["distil", str(tiny_run), "-o", str(folder / "new.tsv"), "--beam", beam]) == 130
    assert len(list(folder.iterdir())) == 2


def test_tabs_are_no_cells(tiny_run: Path, folder: Path) -> None:
    (folder / "a.en").write_text("one\ttwo\nthree\nfour\n")
    (folder / "a.de").write_text("eins zwei\ndrei\nvier\n")
    given = ["--data.train.source", str(folder / "a.en"), "--data.train.target", str(folder / "a.de")]
    assert main(["distil", str(tiny_run), "-o", str(folder / "new.tsv"), *given]) == 0
    assert lines_of(folder / "new.tsv")[1][0] == "one two"
    assert {len(line) for line in lines_of(folder / "new.tsv")} == {2}
