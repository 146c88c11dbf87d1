"""Progress for a person and for a log, streams of any kind, and signals."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import threading

import pytest
from rich.console import Console
from samples import ROOT

from mtlite.config.registry import TOPOLOGIES
from mtlite.console import (
    StandardError,
    TrainingProgress,
    acknowledge_signals,
    announce,
    collect_signals,
    make_console,
)


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
        "update 100/100  loss 1.250  1,234 tokens/s  dev BLEU 12.35",
    ]


def test_a_terminal_gets_a_bar():
    place = console(force_terminal=True)
    shown = TrainingProgress(100, 40, place)
    shown.update(60, 60, 1.25, 1234.5)
    shown.close()
    text = place.file.getvalue()
    assert "60/100" in text
    assert "loss 1.250" in text


PROGRESS = """
import fcntl, struct, sys, termios
fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 24, {}, 0, 0))
from mtlite.console import TrainingProgress, make_console
from mtlite.notices import notice
console = make_console()
shown = TrainingProgress(1000, 0, console)
shown.update(40, 40, 1.25, 12345.6)
shown.validated(50, 1.5, 12.34, best=True)
notice("a notice")
console.print("a name \x1b[2J of others")
shown.update(1000, 1000, 1.25, 12345.6)
shown.close()
"""


@pytest.mark.parametrize("width", [20, 40, 80, 100, 300])
def test_a_real_terminal(width):
    reader, writer = os.openpty()
    with os.fdopen(reader, "rb", buffering=0) as terminal:
        command = [sys.executable, "-c", PROGRESS.format(width)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
        environment = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=writer, env=environment) as process:
            os.close(writer)
            end = threading.Timer(60, process.kill)
            end.start()
            received = b""
            with contextlib.suppress(OSError):  # how Linux says that the other side is closed
                while part := terminal.read(65536):
                    received += part
            assert process.wait() == 0
            end.cancel()
    text = received.decode()
    assert "\x1b[2J" not in text
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).splitlines()
    said = ["update 50: dev loss 1.5000  dev BLEU 12.34  (best)", "mtlite: a notice", r"a name \x1b[2J of others"]
    for line in said:
        assert line in lines
    drawn = [line for line in lines if line not in said]
    assert max(map(len, drawn)) <= width
    assert any("1000/1000" in line for line in drawn)
    if width >= 80:
        assert any("1000/1000 loss 1.250  12,346 tokens/s  dev BLEU 12.34" in line for line in drawn)


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
    said: list[str] = []
    with announce("cleaning", said.append):
        pass
    assert not said


def shell(command: str, **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        ["bash", "-c", command.replace("mtlite ", f"{sys.executable} -m mtlite ")],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_output_never_fails_for_the_encoding(encoding):
    code, shown, error = shell("mtlite topologies", PYTHONIOENCODING=encoding)
    assert (code, error) == (0, "")
    assert all(name in shown for name in TOPOLOGIES)
    assert ("o→o" in shown) == (encoding == "utf-8")
    assert ("o?o" in shown) == (encoding != "utf-8")


class TestClosedStreams:
    def test_what_goes_to_a_closed_stream_is_lost_and_nothing_else(self):
        assert shell("mtlite --version >&-") == (0, "", "")
        code, shown, error = shell("mtlite translate missing >&-")
        assert (code, shown) == (1, "")
        assert error.startswith("mtlite: run directory missing not found")
        assert shell("mtlite translate missing 2>&-") == (1, "", "")
        assert shell("mtlite translate missing <&- >&- 2>&-") == (1, "", "")

    def test_a_file_never_gets_the_number_of_a_closed_stream(self):
        script = (
            "import os\nfrom mtlite.console import prepare_streams\nprepare_streams()\n"
            "number = os.open('/dev/null', os.O_RDONLY)\nprint('lost')\nos._exit(number)"
        )
        code, shown, error = shell(f'{sys.executable} -c "{script}" >&- 2>&-')
        assert code > 2
        assert (shown, error) == ("", "")

    def test_a_translation_goes_on(self, tiny_run):
        code, shown, _ = shell(f"echo one | mtlite translate {tiny_run} --engine tensorflow --threads 1 2>&-")
        assert (code, shown.count("\n")) == (0, 1)


class TestSignals:
    def test_signals_are_collected_and_handlers_come_back(self):
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        with collect_signals() as received:
            assert received == []
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTERM):
                signal.raise_signal(number)
            assert received == [signal.SIGTERM, signal.SIGHUP, signal.SIGTERM]
        assert {number: signal.getsignal(number) for number in before} == before

    def test_a_second_ctrl_c_stops_at_once(self):
        with collect_signals() as received:
            signal.raise_signal(signal.SIGINT)
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        assert received == [signal.SIGINT]

    def test_what_nohup_ignores_stays_ignored(self):
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            with collect_signals() as received:
                signal.raise_signal(signal.SIGHUP)
            assert received == []
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        finally:
            signal.signal(signal.SIGHUP, before)

    def test_another_thread_leaves_the_handlers_alone(self):
        seen = []

        def look():
            with collect_signals():
                seen.append(signal.getsignal(signal.SIGTERM))

        before = signal.getsignal(signal.SIGTERM)
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert seen == [before]


BUSY = """
import ctypes, os, signal, threading, time
from mtlite import console
from mtlite.runtime import _silent

def busy():
    # No signal interrupts this wait: it ends when `say` was called.
    libc.pthread_mutex_lock(lock)

def interrupt():
    while not said:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)

def say(line):
    said.append(line)
    lasting(line)
    libc.pthread_mutex_unlock(lock)

console._SECONDS_TO_END = 0.0
libc, lock, said = ctypes.CDLL(None), ctypes.create_string_buffer(100), []
libc.pthread_mutex_lock(lock)
signal.signal(signal.SIGINT, lambda *_: None)
with console.lasting_standard_error() as lasting, console.acknowledge_signals("stopping", say):
    threading.Thread(target=interrupt).start()
    {}
"""


class TestAcknowledgement:
    @pytest.mark.parametrize("what", ["busy()", "with _silent(): busy()"])
    def test_a_signal_is_answered_while_the_main_thread_is_busy(self, what):
        command = [sys.executable, "-c", BUSY.format(what)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
        assert set(done.stderr.splitlines()) == {"stopping"}

    def test_the_innermost_speaks_once_for_each_signal(self, monkeypatch):
        monkeypatch.setattr("mtlite.console._SECONDS_TO_END", 0.0)
        outer, inner, spoken = list[str](), list[str](), threading.Event()

        def say(line):
            inner.append(line)
            spoken.set()

        with acknowledge_signals("outer", outer.append):
            with acknowledge_signals("inner", say), collect_signals():
                signal.raise_signal(signal.SIGTERM)
                assert spoken.wait(60)
            assert (outer, inner) == ([], ["inner"])

    def test_what_ends_at_once_says_nothing(self, monkeypatch):
        monkeypatch.setattr("mtlite.console._SECONDS_TO_END", 60.0)
        said = list[str]()
        with acknowledge_signals("stopping", said.append), collect_signals() as received:
            signal.raise_signal(signal.SIGTERM)
        assert (received, said) == ([signal.SIGTERM], [])

    def test_other_signals_are_not_meant(self, monkeypatch):
        monkeypatch.setattr("mtlite.console._SECONDS_TO_END", 0.0)
        said, before = list[str](), signal.signal(signal.SIGUSR1, lambda *_: None)
        try:
            with acknowledge_signals("stopping", said.append):
                signal.raise_signal(signal.SIGUSR1)
        finally:
            signal.signal(signal.SIGUSR1, before)
        assert not said

    def test_another_thread_does_without(self):
        seen = list[str]()

        def look():
            with acknowledge_signals("stopping", seen.append):
                seen.append("done")

        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert seen == ["done"]
