"""Runs jobs, wherever an engine places them, and shows how far all of them are.

An engine takes a job and answers how it is: `processes.py` runs it here. Another engine is another file.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rich.console import Console

from mtlite.console import ProgressDisplay, collect_signals
from mtlite.errors import MtliteError, Stopped
from mtlite.storage.run_directory import LOG
from mtlite.storage.training_log import read_training_log

if TYPE_CHECKING:
    from mtlite.ablation.experiment import Experiment

OUTCOME = "outcome.json"
"""The file in the folder of a job that is there when the job is done."""


@dataclass(frozen=True)
class Job:
    """One process that works in a folder of its own, and goes on with what is in there."""

    name: str
    module: str  # of Python, to run with the recipe, the folder, and arguments
    recipe: Path
    run: Path  # its folder
    arguments: list[str]
    log: Path  # file for what it prints
    updates: int  # that it makes in all
    threads: int = 1  # that it computes with

    def updates_done(self) -> float:
        """How far it is, as its folder tells."""
        try:
            return max((line.update for line in read_training_log(self.run / LOG)), default=0)
        except MtliteError:
            return 0


@dataclass(frozen=True)
class Ended:
    """How a job ended."""

    failure: str | None = None  # why it failed; None if it ended well


class RunningJob(Protocol):
    """A job that an engine has taken."""

    @property
    def job(self) -> Job: ...

    def place(self) -> str | None:
        """Where it runs, to be shown after "started"; None while it waits for a place."""

    def updates_done(self) -> float:
        """How far it is."""

    def ended(self) -> Ended | None:
        """How it ended; None before that. What it made is in its folder then."""

    def stop(self) -> None:
        """Ask it to save its state and to end."""

    def wait(self) -> None:
        """Return when it has ended."""


class Engine(Protocol):
    """What runs jobs: `begin`, then any number of jobs, then `end`."""

    @property
    def at_once(self) -> int:
        """How many jobs it takes before one of them has ended."""

    def begin(self, experiment: Experiment) -> None:
        """Make ready for the jobs of an ablation, whose folder is there; raise MtliteError if it cannot run here."""

    def submit(self, job: Job) -> RunningJob:
        """Take a job."""

    def end(self, finished: bool) -> None:
        """Give back what was taken; unless it is `finished`, a later start goes on with what is left."""


def run_jobs(
    jobs: Sequence[Job],
    engine: Engine,
    done: Callable[[Job], None],
    failed: Callable[[Job, str], None],
    console: Console,
) -> None:
    """Run all jobs, even if some fail; raise Stopped after a signal, when every job has saved its state.

    Args:
        done: is called when a job has ended well.
        failed: is called with the reason when it has not.
    """
    waiting, running = list(jobs), list[RunningJob]()
    shown = _JobsProgress(jobs, console)
    try:
        with collect_signals() as signals:
            while (waiting or running) and not signals:
                while waiting and len(running) < engine.at_once:
                    running.append(engine.submit(waiting.pop(0)))
                shown.look(running)
                time.sleep(0.2)
                for each in list(running):
                    if ended := each.ended():
                        running.remove(each)
                        if ended.failure is None:
                            done(each.job)
                        else:
                            failed(each.job, ended.failure)
                        shown.ended(each.job, ended)
            if signals:
                console.print(f"stopping: {len(running)} trainings save their states first; Ctrl-C again stops at once")
                raise Stopped(f"stopped by {signal.Signals(signals[0]).name}", signals[0])
    finally:
        for each in running:
            each.stop()
        for each in running:  # they save their state
            each.wait()
        shown.display.close()


class _JobsProgress:
    """Shows where jobs are, and how far all of them are together."""

    def __init__(self, jobs: Sequence[Job], console: Console) -> None:
        self.console, self.jobs = console, jobs
        self.places: dict[str, str] = {}
        self.ended_jobs: list[Job] = []
        self.before = {job.name: job.updates_done() for job in jobs}
        self.display = ProgressDisplay(sum(job.updates for job in jobs), sum(self.before.values()), console)

    def ended(self, job: Job, ended: Ended) -> None:
        """A job has ended."""
        self.ended_jobs.append(job)
        how = "done" if ended.failure is None else f"FAILED: {ended.failure}"
        self.console.print(f"{job.name}: {how} ({len(self.ended_jobs)} of {len(self.jobs)} cells)")

    def look(self, taken: Sequence[RunningJob]) -> None:
        """See where the jobs are that an engine has taken, and how far."""
        running = {each.job.name: each for each in taken if self._has_started(each)}
        if self.display.due:
            at = {name: each.updates_done() for name, each in running.items()}
            at |= {job.name: job.updates for job in self.ended_jobs}
            done = sum((self.before | at).values())
            cells = f"{len(self.ended_jobs)} of {len(self.jobs)} cells"
            if len(running) < len(taken):
                cells += f", {len(taken) - len(running)} wait for a place"
            for name, each in running.items():
                if at[name] in (0, each.job.updates):
                    cells += f", {name} {'scores' if at[name] else 'starts'}"
            self.display.show(done, cells, f"{done:,.0f} of {self.display.total:,} updates")

    def _has_started(self, each: RunningJob) -> bool:
        """Say where a job has started, or started again."""
        name, place = each.job.name, each.place()
        if place is not None and self.places.get(name) != place:
            again = " again" if name in self.places else ""
            self.places[name] = place
            self.console.print(f"{name}: started{again}{place and f' on {place}'}")
        return place is not None
