"""`mtlite attention`: a picture of where the model looks."""

from __future__ import annotations

import pytest

from mtlite.cli import main


@pytest.mark.parametrize(("ending", "begin"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_a_picture_and_the_translation(ending, begin, tiny_run, tmp_path, capsys):
    picture = tmp_path / f"map.{ending}"
    assert main(["attention", str(tiny_run), "one two 🦊", "-o", str(picture), "--beam", "2"]) == 0
    assert picture.read_bytes().startswith(begin)
    assert capsys.readouterr().out.count("\n") == 1


@pytest.mark.parametrize(
    ("sentence", "name", "expected"),
    [("", "a.png", "empty"), ("one", "a.txt", ".png"), ("one", "none/a.png", "folder"), ("one", "there.png", "exists")],
)
def test_a_wrong_request_is_one_line(sentence, name, expected, tiny_run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.png").write_bytes(b"mine")
    assert main(["attention", str(tiny_run), sentence, "-o", name]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert len(error.splitlines()) == 1
    assert (tmp_path / "there.png").read_bytes() == b"mine"
