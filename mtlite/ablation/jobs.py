"""Runs processes, a few at a time, and shows how far all of them are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from mtlite.console import ProgressDisplay, collect_signals
from mtlite.errors import MtliteError
from mtlite.storage.training_log import read_training_log


class Stopped(MtliteError):
    """The user stopped the ablation; everything that was done is kept."""

    exit_code = 130


@dataclass(frozen=True)
class Job:
    """One process."""

    name: str
    module: str  # of Python, to run
    arguments: list[str]
    log: Path  # file for what it prints
    training_log: Path  # file that tells how far it is
    updates: int  # that it makes in all


class _Process:
    """A running job. It has a session of its own: Ctrl-C is for us, and we hand it on once."""

    def __init__(self, job: Job) -> None:
        self.job = job
        job.log.parent.mkdir(parents=True, exist_ok=True)
        paths = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
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
    """Run all jobs, even if some fail; raise Stopped after a signal, when every process has saved its state.

    Args:
        done: is called when a job has ended well.
        failed: is called with the reason when it has not.
    """
    waiting, running = list(jobs), list[_Process]()
    shown = _JobsProgress(jobs, console)
    try:
        with collect_signals() as signals:
            while (waiting or running) and not signals:
                while waiting and len(running) < at_once:
                    running.append(_Process(waiting.pop(0)))
                    console.print(f"{running[-1].job.name}: started")
                time.sleep(0.2)
                for process in [each for each in running if each.process.poll() is not None]:
                    running.remove(process)
                    if process.process.returncode == 0:
                        done(process.job)
                        shown.ended(process.job, "done")
                    else:
                        reason = process.reason()
                        failed(process.job, reason)
                        shown.ended(process.job, f"FAILED: {reason}")
                shown.look([each.job for each in running])
            if signals:
                console.print(f"stopping: {len(running)} trainings save their states first; Ctrl-C again stops at once")
                raise Stopped(f"stopped by {signal.Signals(signals[0]).name}")
    finally:
        for each in running:
            each.process.terminate()
        for each in running:  # they save their state
            each.process.wait()
        shown.display.close()


class _JobsProgress:
    """Shows how far all jobs are together."""

    def __init__(self, jobs: Sequence[Job], console: Console) -> None:
        self.console, self.jobs = console, jobs
        self.ended_jobs: list[Job] = []
        self.before = {job.name: _updates_done(job) for job in jobs}
        self.display = ProgressDisplay(sum(job.updates for job in jobs), sum(self.before.values()), console)

    def ended(self, job: Job, how: str) -> None:
        """A process has ended."""
        self.ended_jobs.append(job)
        self.console.print(f"{job.name}: {how} ({len(self.ended_jobs)} of {len(self.jobs)} cells)")

    def look(self, running: Sequence[Job]) -> None:
        """See how far the running processes are."""
        if self.display.due:
            at = {job.name: _updates_done(job) for job in running}
            at |= {job.name: job.updates for job in self.ended_jobs}
            done = sum((self.before | at).values())
            cells = f"{len(self.ended_jobs)} of {len(self.jobs)} cells"
            for job in running:
                if at[job.name] in (0, job.updates):
                    cells += f", {job.name} {'scores' if at[job.name] else 'starts'}"
            self.display.show(done, cells, f"{done:,.0f} of {self.display.total:,} updates")


def _updates_done(job: Job) -> float:
    """How far a process is."""
    try:
        return max((line.update for line in read_training_log(job.training_log)), default=0)
    except MtliteError:
        return 0
