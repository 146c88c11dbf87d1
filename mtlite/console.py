"""What a training shows while it runs: a bar for a person, plain lines for a log."""

from __future__ import annotations

import contextlib
import io
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_SECONDS_BETWEEN_LINES = 20.0
_SECONDS_IN_SILENCE = 5.0


class StandardError(io.TextIOBase):
    """Standard error, which can go away (a closed terminal, a closed pipe) without ending a training."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()

    def isatty(self) -> bool:
        return sys.stderr.isatty()

    def fileno(self) -> int:
        return sys.stderr.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return sys.stderr.encoding


class TrainingProgress:
    """Shows updates, loss, dev BLEU, speed and the time left.

    Args:
        updates: the budget.
        used: how much of it is used already, in updates.
        console: where to; a terminal gets a bar, anything else lines.
    """

    def __init__(self, updates: int, used: float, console: Console) -> None:
        self.updates, self.console = updates, console
        self.first, self.start = used, time.perf_counter()
        self.shown = self.start
        self.bleu: float | None = None
        self.bar: Progress | None = None
        if console.is_terminal:
            columns = BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn()
            self.bar = Progress(*columns, console=console)
            self.task = self.bar.add_task("", total=updates, completed=int(used))
            self.bar.start()

    def update(self, update: int, used: float, loss: float, tokens_per_second: float) -> None:
        """An update is done, and so much of the budget is used, in updates."""
        text = f"loss {loss:.3f}  {tokens_per_second:,.0f} tokens/s"
        if self.bleu is not None:
            text += f"  dev BLEU {self.bleu:.2f}"
        if self.bar is not None:
            self.bar.update(self.task, completed=used, description=text)
            return
        now = time.perf_counter()
        if now - self.shown >= _SECONDS_BETWEEN_LINES or used >= self.updates:
            self.shown = now
            left = (now - self.start) / max(1, used - self.first) * (self.updates - used)
            of = f"/{self.updates}" if used == update else f" ({used / self.updates:.0%})"
            self.console.print(f"update {update}{of}  {text}  {left / 60:.1f} min left", highlight=False)

    def validated(self, update: int, loss: float, bleu: float, best: bool) -> None:
        """A validation is done."""
        self.bleu = bleu
        mark = "  (best)" if best else ""
        self.console.print(f"update {update}: dev loss {loss:.4f}  dev BLEU {bleu:.2f}{mark}", highlight=False)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()


@contextmanager
def announce(what: str, say: Callable[[str], None]) -> Iterator[None]:
    """Tell the user what takes long: nothing for seconds, then a line now and then, and how long it took."""
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
