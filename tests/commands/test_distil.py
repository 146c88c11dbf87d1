"""`mtlite distil`: a training corpus as a model translates it, which another model is trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from samples import number_pairs, rows_of, write_pairs

from mtlite.cli import main
from mtlite.translation.translator import Translator

pytestmark = pytest.mark.usefixtures("cache")


def test_every_training_source_gets_its_translation(tiny_run: Path, empty_folder: Path, capsys: Any) -> None:
    assert main(["distil", str(tiny_run), "-o", str(empty_folder / "new.tsv"), "--beam", "2"]) == 0
    header, *pairs = rows_of(empty_folder / "new.tsv")
    assert header == ["en", "de"]
    assert capsys.readouterr().out.splitlines()[-1] == f"{empty_folder / 'new.tsv'}: {len(pairs)} pairs"
    sources, translations = map(list, zip(*pairs, strict=True))
    assert Translator.load(tiny_run, {"beam_size": 2})(sources) == translations
    assert [each.name for each in empty_folder.iterdir()] == ["new.tsv"]


def test_what_comes_out_goes_into_a_training_in_either_direction(
    tiny_run: Path, empty_folder: Path, capsys: Any
) -> None:
    corpus = write_pairs(empty_folder, "mine", number_pairs(30, 5))
    given = ["--data.train.source", corpus["source"], "--data.train.target", corpus["target"]]
    assert main(["distil", str(tiny_run), "-o", str(empty_folder / "new.tsv"), *given]) == 0
    for source, target in (("en", "de"), ("de", "en")):
        arguments = ["train", "--dry-run", "--data.train.pairs", str(empty_folder / "new.tsv"), "--data.held_out", "2"]
        languages = ["--data.source_language", source, "--data.target_language", target]
        assert main([*arguments, *languages, "--data.cleaning.empty", "false"]) == 0, capsys.readouterr().err


def test_what_cannot_be_meant(tiny_run: Path, empty_folder: Path, capsys: Any) -> None:
    assert main(["distil", str(tiny_run), "-o", str(tiny_run / "run.json")]) == 2
    assert "exists: give a new name" in capsys.readouterr().err
    options = ["--data.source_language", "de", "--data.target_language", "en"]
    assert main(["distil", str(tiny_run), "-o", str(empty_folder / "new.tsv"), *options]) == 2
    assert "translates en, and the sources of the corpus are de" in capsys.readouterr().err
    assert main(["distil", str(empty_folder), "-o", str(empty_folder / "new.tsv")]) == 1
    assert not list(empty_folder.iterdir())
