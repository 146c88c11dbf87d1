"""`mtlite page`: one file out of runs."""

from __future__ import annotations

import pytest

from mtlite.cli import main


def test_a_page_is_made_and_its_size_said(tiny_run, tmp_path, capsys):
    page = tmp_path / "page.html"
    assert main(["page", str(tiny_run), "-o", str(page), "--weights", "int8", "--measure", "--licence", "MIT"]) == 0
    said = capsys.readouterr().out
    assert said.endswith(" MB, tiny\n")
    assert str(page) in said
    content = page.read_bytes()
    assert f"{len(content) / 1e6:.1f} MB" in said
    assert b"Licence: MIT" in content
    assert b"int8 (this page)" in content


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["RUN", "-o", "there.html"], "exists"),
        (["RUN", "-o", "none/a.html"], "folder"),
        (["RUN", "-o", "a.pdf"], ".html"),
        (["-o", "a.html"], "--ablation"),
        (["RUN", "RUN", "-o", "a.html"], "twice"),
        (["--ablation", "RUN", "-o", "a.html"], "experiment.json"),
        (["RUN", "-o", "a.html", "--weights", "int4"], "int8"),
        (["RUN"], "--output"),
    ],
)
def test_a_wrong_request_is_one_line(arguments, expected, tiny_run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.html").write_text("mine")
    assert main(["page", *[str(tiny_run) if each == "RUN" else each for each in arguments]]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert len(error.splitlines()) == 1
    assert (tmp_path / "there.html").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["there.html"]
