"""Progress of a command, as a bar for a person or plain lines for a log, and the signals that end it."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from mtlite.visible import visible

_SECONDS_BETWEEN_LINES = 20.0
_SECONDS_IN_SILENCE = 5.0
_SECONDS_TO_END = 0.3
_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_WIDE = 80  # characters in a line, from which bar, numbers and text stand beside each other
_LINES_OF_SPEED = 5  # from which the time left is estimated


def _standard_error() -> Any:
    """Standard error itself: while a bar is shown, `rich` stands in its place and hands all lines to the console."""
    return getattr(sys.stderr, "rich_proxied_file", sys.stderr)


class StandardError(io.TextIOBase):
    """Standard error, which can go away (a closed terminal, a closed pipe) without ending a training."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            _standard_error().write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            _standard_error().flush()

    def isatty(self) -> bool:
        return bool(_standard_error().isatty())

    def fileno(self) -> int:
        return int(_standard_error().fileno())

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return str(_standard_error().encoding)


class _VisibleConsole(Console):
    """Shows the controls in a text as their codes: names of files and systems are other people's."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(visible(each) if isinstance(each, str) else each for each in objects), **options)


def make_console() -> Console:
    """Make a console for plain text on standard error; standard output is for results."""
    return _VisibleConsole(file=cast(IO[str], StandardError()), markup=False, highlight=False, soft_wrap=True)


@contextmanager
def lasting_standard_error() -> Iterator[Callable[[str], None]]:
    """A way to say a line on standard error, even while that is hidden from libraries that print as they load."""
    handle = os.dup(2)
    try:

        def say(line: str) -> None:
            with contextlib.suppress(OSError):
                os.write(handle, f"{line}\n".encode())

        yield say
    finally:
        os.close(handle)


def prepare_streams() -> None:
    """Let standard output take any text: a question mark stands for what its encoding does not have.

    A stream that is closed becomes the null device, so that its number does not go to a file that is opened later.
    """
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_WRONLY)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", closefd=False))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


@contextmanager
def collect_signals() -> Iterator[list[int]]:
    """Collect Ctrl-C, SIGTERM and SIGHUP in a list, so that nothing is cut in the middle.

    A second Ctrl-C stops at once. Signals that were ignored before stay so: nohup lets a training outlive its terminal.
    Outside the main thread, the caller handles signals.
    """
    received: list[int] = []

    def note(number: int, _: Any) -> None:
        if received and number == signal.SIGINT:
            raise KeyboardInterrupt
        received.append(number)

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for number in _ENDING}
        before = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    try:
        for number in before:
            signal.signal(number, note)
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


@contextmanager
def acknowledge_signals(text: str, say: Callable[[str], None]) -> Iterator[None]:
    """Say `text` soon after a signal that has not ended what runs by then; the innermost one speaks.

    Python's handlers wait until the main thread comes back from whatever computes; a thread that watches does not.
    Only signals that have such a handler are seen. Outside the main thread, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    ended = threading.Event()

    def watch() -> None:
        while received := reader.recv(100):
            if set(received) & set(_ENDING) and not ended.wait(_SECONDS_TO_END):
                say(text)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        ended.set()
        writer.close()
        watcher.join()
        reader.close()


class EndedBySignal(KeyboardInterrupt):
    """A signal ends the command, wherever it is; what waits for Ctrl-C to clean up does so for this as well."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise `EndedBySignal`, as Ctrl-C raises its error; a second one ends the process at once.

    Where a signal is ignored or has a handler, that stays. Outside the main thread, nothing is done.
    """

    def end(number: int, _: Any) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise EndedBySignal(number)

    ours: list[int] = []
    if threading.current_thread() is threading.main_thread():
        ours = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
    try:
        for number in ours:
            signal.signal(number, end)
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


class ProgressDisplay:
    """How far something has come from `done` to `total`: a bar in a terminal, or else a line now and then."""

    def __init__(self, total: float, done: float, console: Console) -> None:
        self.total, self.console = total, console
        self.shown = time.perf_counter()
        self.recent = deque([(self.shown, done)], _LINES_OF_SPEED)
        self.bar: Progress | None = None
        if console.is_terminal:
            # In a wide terminal the bar makes room for the text; in a narrow one, the text takes several lines.
            count, left = (
                column(table_column=Column(no_wrap=True)) for column in (MofNCompleteColumn, TimeRemainingColumn)
            )
            text = TextColumn("{task.description}", table_column=Column(no_wrap=console.width >= _WIDE))
            self.bar = Progress(BarColumn(), count, text, left, console=console)
            self.task = self.bar.add_task("", total=total, completed=int(done))
            self.bar.start()

    @property
    def due(self) -> bool:
        """Whether something would be shown now."""
        return self.bar is not None or time.perf_counter() - self.shown >= _SECONDS_BETWEEN_LINES

    def show(self, done: float, text: str, where: str) -> None:
        """Show `text` beside the bar, or in a line after `where`."""
        if self.bar is not None:
            self.bar.update(self.task, completed=int(done), description=text)
            return
        self.shown = time.perf_counter()
        began, at = self.recent[0]
        left = ""
        if at < done < self.total:  # by the last lines: the beginning was slower, or somebody else used the machine
            left = f"  {(self.shown - began) / (done - at) * (self.total - done) / 60:.1f} min left"
        self.recent.append((self.shown, done))
        self.console.print(f"{where}  {text}{left}", highlight=False)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()


class TrainingProgress:
    """Shows updates, loss, dev BLEU, speed and the time left of a budget, of which `used` updates are spent."""

    def __init__(self, updates: int, used: float, console: Console) -> None:
        self.updates, self.console = updates, console
        self.display = ProgressDisplay(updates, used, console)
        self.bleu: float | None = None

    def update(self, update: int, used: float, loss: float, tokens_per_second: float) -> None:
        """Show an update, after which so much of the budget is used, in updates."""
        if self.display.due or used >= self.updates:
            bleu = "" if self.bleu is None else f"  dev BLEU {self.bleu:.2f}"
            of = f"/{self.updates}" if used == update else f" ({used / self.updates:.0%})"
            text = f"loss {loss:.3f}  {tokens_per_second:,.0f} tokens/s{bleu}"
            self.display.show(used, text, f"update {update}{of}")

    def validated(self, update: int, loss: float, bleu: float, best: bool) -> None:
        """Show a validation."""
        self.bleu = bleu
        mark = "  (best)" if best and bleu else ""
        self.console.print(f"update {update}: dev loss {loss:.4f}  dev BLEU {bleu:.2f}{mark}", highlight=False)

    def close(self) -> None:
        self.display.close()


@contextmanager
def announce(what: str, say: Callable[[str], None]) -> Iterator[None]:
    """Say what takes long: nothing for seconds, then a line now and then, and at last how long it took."""
    begin, ended, told = time.monotonic(), threading.Event(), False

    def tell() -> None:
        nonlocal told
        wait = _SECONDS_IN_SILENCE
        while not ended.wait(wait):
            seconds = time.monotonic() - begin
            say(f"{what}: {seconds:.0f} s so far" if told else f"{what} …")
            told, wait = True, _SECONDS_BETWEEN_LINES

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()
    if told:
        say(f"{what}: {time.monotonic() - begin:.0f} s")
