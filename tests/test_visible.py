"""Text of other people, made visible: nothing of it steers a terminal."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from mtlite.cli import main
from mtlite.console import make_console
from mtlite.visible import visible, visible_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x9b2J", r"\x9b2J"),
        ("a\rb\x08\x07\x00", r"a\rb\x08\x07\x00"),
        ("\u202eabc\u2066", r"\u202eabc\u2066"),
        ("a\u2028b\x85c", r"a\u2028b\x85c"),
        ("\ud800", r"\ud800"),
        ("Größe 世界 🦊 שלום\u200f\t“x”\n", "Größe 世界 🦊 שלום\u200f\t“x”\n"),  # what people write
    ],
)
def test_controls_are_written_as_their_codes(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible_line(f"  {shown}\n x ") == " ".join(f"{shown} x".split())


def test_messages_and_progress_show_no_control(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in (["train", "--run", "\x1b]0;owned\x07", "--resume"], ["compare", "a\x1b[2J", "b"], ["\x1b[2J"]):
        assert main(arguments) == (2 if arguments[0] != "compare" else 1)
        shown = capsys.readouterr().err
        assert "\\x1b" in shown
        assert "\x1b" not in shown
    make_console().print("run directory \x1b[31mred")
    assert capsys.readouterr().err == "run directory \\x1b[31mred\n"
    (tmp_path / "x\x1b[31m").mkdir()
    (tmp_path / "x\x1b[31m" / "run.json").write_text("{")
    assert main(["runs", str(tmp_path)]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_the_bar_of_a_terminal_is_not_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    console = make_console()
    Console.print(console, "\x1b[1mbold")
    assert screen.getvalue() == "\x1b[1mbold\n"
