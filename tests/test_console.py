import io
import os
import sys
import threading

import pytest
from rich.console import Console

from mtlite.console import StandardError, TrainingProgress, announce
from mtlite.training.train import make_console


def console(**options):
    return Console(file=io.StringIO(), width=120, **options)


def test_a_log_gets_plain_lines():
    place = console()
    shown = TrainingProgress(100, 0, place)
    shown.validated(50, 1.5, 12.345, best=True)
    shown.update(100, 100, 1.25, 1234.5)
    shown.close()
    assert place.file.getvalue().splitlines() == [
        "update 50: dev loss 1.5000  dev BLEU 12.35  (best)",
        "update 100/100  loss 1.250  1,234 tokens/s  dev BLEU 12.35  0.0 min left",
    ]


def test_a_terminal_gets_a_bar():
    place = console(force_terminal=True)
    shown = TrainingProgress(100, 40, place)
    shown.update(60, 60, 1.25, 1234.5)
    shown.close()
    text = place.file.getvalue()
    assert "60/100" in text
    assert "loss 1.250" in text


def test_progress_stands_on_standard_error(capsys):
    make_console().print("a [bold]line[/bold]")
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "a [bold]line[/bold]\n")


@pytest.mark.parametrize("kind", ["pipe", "terminal"])
def test_whoever_read_it_may_go_away(kind, monkeypatch):
    reader, writer = os.pipe() if kind == "pipe" else os.openpty()
    with open(writer, "w", buffering=1) as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        place = make_console()
        place.print("first")
        assert os.read(reader, 100).split() == [b"first"]
        os.close(reader)
        shown = TrainingProgress(10, 0, place)
        shown.validated(5, 1.0, 1.0, best=False)
        shown.update(10, 10, 1.0, 1.0)
        shown.close()
        StandardError().flush()
        monkeypatch.undo()
        os.dup2(os.open(os.devnull, os.O_WRONLY), writer)  # what is still buffered can go


def test_what_takes_long_is_announced(monkeypatch):
    monkeypatch.setattr("mtlite.console._SECONDS_IN_SILENCE", 0.0)
    monkeypatch.setattr("mtlite.console._SECONDS_BETWEEN_LINES", 0.0)
    said, enough = [], threading.Event()

    def say(line):
        said.append(line)
        if len(said) == 3:
            enough.set()

    with announce("cleaning", say):
        assert enough.wait(60)
    assert said[0] == "cleaning …"
    assert said[1].endswith(" s so far")
    assert said[-1].startswith("cleaning: ")
    assert "so far" not in said[-1]


def test_what_is_done_at_once_is_not():
    said = []
    with announce("cleaning", said.append):
        pass
    assert not said
