"""Runs processes, a few at a time, and shows how far all of them are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from mtlite.errors import MtliteError
from mtlite.storage.training_log import read_metrics

_SECONDS_BETWEEN_LOOKS = 0.2
_SECONDS_BETWEEN_LINES = 20.0


class Stopped(MtliteError):
    """The user stopped the ablation; everything that was done is kept."""

    exit_code = 130


@dataclass(frozen=True)
class Job:
    """One process.

    Args:
        name: for people.
        module: of Python, to run.
        arguments: for it.
        log: file for what it prints.
        metrics: file that tells how far it is.
        updates: that it makes in all.
    """

    name: str
    module: str
    arguments: list[str]
    log: Path
    metrics: Path
    updates: int


class _Process:
    """A running job. It has a session of its own: Ctrl-C is for us, and we hand it on once."""

    def __init__(self, job: Job) -> None:
        self.job = job
        job.log.parent.mkdir(parents=True, exist_ok=True)
        package = str(Path(__file__).resolve().parents[2])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        with open(job.log, "ab") as log:
            self.start = log.tell()
            self.process = subprocess.Popen(
                [sys.executable, "-m", job.module, *job.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )

    def reason(self) -> str:
        """Why it failed: the last thing that it said."""
        said = self.job.log.read_bytes()[self.start :].decode(errors="replace").splitlines()
        own = [line.removeprefix("mtlite: ") for line in said if line.startswith("mtlite: ")]
        code = self.process.returncode
        ended = f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        return own[-1] if own and code > 0 else ended


def run_jobs(
    jobs: Sequence[Job],
    at_once: int,
    done: Callable[[Job], None],
    failed: Callable[[Job, str], None],
    console: Console,
) -> None:
    """Run all jobs, whatever becomes of single ones.

    Args:
        jobs: in their order.
        at_once: how many run side by side.
        done: is called when one has ended well.
        failed: is called with the reason when one has not.
        console: for progress.

    Raises:
        Stopped: after a signal; every process has saved its state and ended.
    """
    waiting, running = list(jobs), list[_Process]()
    shown = _Shown(jobs, console)
    try:
        with _noted_signals() as signals:
            while (waiting or running) and not signals:
                while waiting and len(running) < at_once:
                    running.append(_Process(waiting.pop(0)))
                    shown.started(running[-1].job)
                time.sleep(_SECONDS_BETWEEN_LOOKS)
                for process in [each for each in running if each.process.poll() is not None]:
                    running.remove(process)
                    if process.process.returncode == 0:
                        done(process.job)
                        shown.ended(process.job, None)
                    else:
                        reason = process.reason()
                        failed(process.job, reason)
                        shown.ended(process.job, reason)
                shown.look([each.job for each in running])
            if signals:
                raise Stopped(f"stopped by {signal.Signals(signals[0]).name}")
    finally:
        _end(running)
        shown.close()


def _end(running: Sequence[_Process]) -> None:
    """Let processes save their state, and wait until they have."""
    for each in running:
        each.process.terminate()
    for each in running:
        each.process.wait()


@contextmanager
def _noted_signals() -> Iterator[list[int]]:
    """Collect Ctrl-C, SIGTERM and SIGHUP in a list, so that no cell is lost between its end and its record."""
    received: list[int] = []
    watched = [
        number
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN and threading.current_thread() is threading.main_thread()
    ]
    before = [signal.signal(number, lambda number, _: received.append(number)) for number in watched]
    try:
        yield received
    finally:
        for number, handler in zip(watched, before, strict=True):
            signal.signal(number, handler)


class _Shown:
    """Overall progress with the time left: a bar for a person, plain lines for a log."""

    def __init__(self, jobs: Sequence[Job], console: Console) -> None:
        self.console, self.jobs = console, jobs
        self.ended_jobs: list[Job] = []
        self.before = {job.name: _updates_of(job) for job in jobs}
        self.begin = self.last_line = time.monotonic()
        self.bar: Progress | None = None
        if console.is_terminal:
            columns = BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn(elapsed_when_finished=True)
            self.bar = Progress(*columns, console=console)
            self.task = self.bar.add_task("", total=sum(job.updates for job in jobs))
            self.bar.start()

    def started(self, job: Job) -> None:
        """A process was started."""
        self.console.print(f"{job.name}: started")

    def ended(self, job: Job, reason: str | None) -> None:
        """A process has ended."""
        self.ended_jobs.append(job)
        how = "done" if reason is None else f"FAILED: {reason}"
        self.console.print(f"{job.name}: {how} ({len(self.ended_jobs)} of {len(self.jobs)} cells)")

    def look(self, running: Sequence[Job]) -> None:
        """See how far the running processes are."""
        now = time.monotonic()
        if self.bar is None and now - self.last_line < _SECONDS_BETWEEN_LINES:
            return
        self.last_line = now
        at = {job.name: _updates_of(job) for job in running} | {job.name: job.updates for job in self.ended_jobs}
        now_done, total = sum((self.before | at).values()), sum(job.updates for job in self.jobs)
        new = now_done - sum(self.before.values())
        text = f"{len(self.ended_jobs)} of {len(self.jobs)} cells, {now_done:,.0f} of {total:,} updates"
        if self.bar is not None:
            self.bar.update(self.task, completed=now_done, description=text)
            return
        left = f", {(now - self.begin) / new * (total - now_done) / 60:.1f} min left" if new > 0 else ""
        self.console.print(text + left)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()


def _updates_of(job: Job) -> float:
    """How far a process is in its budget, in updates."""
    try:
        lines = read_metrics(job.metrics)
        return max((line["share"] * job.updates if "share" in line else line["update"] for line in lines), default=0)
    except MtliteError:
        return 0
