"""Translations of a corpus: kept as they come, and whole in the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from samples import rows_of

from mtlite.cli import main
from mtlite.translation import distil
from mtlite.translation.translator import Translator

pytestmark = pytest.mark.usefixtures("cache")


def test_it_goes_on_where_it_stopped(tiny_run: Path, empty_folder: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(distil, "_AT_ONCE", 7)
    translate, calls = Translator.translate, []

    def stopping(self: Translator, lines: Any, first: int = 0) -> Any:
        calls.append(first)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return translate(self, lines, first)

    monkeypatch.setattr(Translator, "translate", stopping)
    command = ["distil", str(tiny_run), "--beam", "1", "-o"]
    assert main([*command, str(empty_folder / "new.tsv")]) == 130
    assert capsys.readouterr().err.splitlines()[-1].startswith("mtlite: stopped: 14 of 60 translations are kept in ")
    (part,) = empty_folder.iterdir()
    with open(part, "ab") as file:
        file.write(b"half a li")  # what a kill can leave
    assert main([*command, str(empty_folder / "new.tsv")]) == 0
    assert calls[:5] == [0, 7, 14, 14, 21]
    monkeypatch.undo()
    assert main([*command, str(empty_folder / "whole.tsv")]) == 0
    assert (empty_folder / "new.tsv").read_bytes() == (empty_folder / "whole.tsv").read_bytes()


def test_another_search_does_not_go_on(tiny_run: Path, empty_folder: Path, monkeypatch: Any) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Translator, "translate", stop)
        for beam in ("1", "2"):
            assert main(["distil", str(tiny_run), "-o", str(empty_folder / "new.tsv"), "--beam", beam]) == 130
    assert len(list(empty_folder.iterdir())) == 2


def test_a_sentence_is_one_cell_of_one_line(tiny_run: Path, empty_folder: Path) -> None:
    pairs = [("one\ttwo", "eins zwei"), ("three\nfour\r\nfive", "drei"), ('"six', "sechs")]
    lines = [json.dumps({"en": source, "de": target}) for source, target in pairs]
    corpus = empty_folder / "corpus.jsonl"
    corpus.write_text("".join(f"{line}\n" for line in lines))
    output = empty_folder / "new.tsv"
    given = ["--data.train.pairs", str(corpus), "--data.source_language", "en", "--data.target_language", "de"]
    assert main(["distil", str(tiny_run), "-o", str(output), *given]) == 0
    header, *rows = rows_of(output)
    assert [row[0] for row in rows] == ["one two", "three four five", '"six']
    assert {len(row) for row in rows} == {2} == {len(header)}
