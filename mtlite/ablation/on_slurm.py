"""The engine of a queue system: every job is submitted to Slurm, through submitit.

All nodes see the folder of the ablation, as is usual there. A job that is lost with its node is submitted again; one
that reaches its time limit is queued again. Both go on from the last saved state.
"""

from __future__ import annotations

import getpass
import json
import math
import secrets
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from mtlite.ablation.jobs import Ended, Job
from mtlite.ablation.node import Node, deciding_variables, environment_with, run_and_watch, this_node
from mtlite.ablation.processes import Process
from mtlite.ablation.supplies import Supplies, shared_workplace, supplies_of
from mtlite.config.read import plain, read_as
from mtlite.errors import MtliteError, RunError
from mtlite.storage.files import write_atomically

if TYPE_CHECKING:
    from mtlite.ablation.experiment import Experiment

_SECONDS_TO_SAVE = 120.0
_SECONDS_BETWEEN_LOOKS = 0.5
_SECONDS_BETWEEN_QUEUES = 10.0
_SECONDS_TO_APPEAR = 90.0  # of a result in a network folder, after its job has left the queue
_RETRIES = 20  # of a job that ended without a word, as on a node that died
_TIME_OUTS = 1000  # of a job: each one goes on where the last one was
_START = "start"  # a file that names the start of the ablation whose jobs are to go on


@dataclass
class Cell:
    """What submitit calls on a node. It is pickled once: after a time-out, the same runs again."""

    job: Job  # with paths in full
    supplies: Supplies
    variables: Mapping[str, str]  # of the environment
    expected: Node | None  # what the node must be like, if that matters
    folder: Path  # of submitit's files
    start: str  # in which this was submitted
    process: Process | None = None

    def __call__(self) -> Ended:
        import submitit

        here = this_node()
        if unseen := self.supplies.unseen():
            return Ended(f"{here.name} does not see {unseen}: expected a folder that all nodes share")
        if self.expected and (differences := self.expected.differences(here)):
            return Ended(f"--identical: {here.name} has {differences}")
        note = note_of(self.folder, submitit.JobEnvironment().job_id)
        write_atomically(note, json.dumps(plain(here)).encode())
        work = shared_workplace(self.supplies)
        environment = {**environment_with(self.variables), **work.variables}
        return run_and_watch(self.job, environment, lambda _: self._is_wanted(), self._note)

    def _note(self, process: Process) -> None:
        self.process = process

    def _is_wanted(self) -> bool:
        """Whether the start that submitted this is the last one, and was not stopped."""
        return (self.folder / _START).read_text() == self.start

    def checkpoint(self) -> Any:
        """Save the state before the time is over, and say what is to run next."""
        import submitit

        if self.process:
            self.process.stop()
            self.process.wait()
        return submitit.helpers.DelayedSubmission(replace(self, process=None))


def note_of(folder: Path, number: str) -> Path:
    """Where a job writes what its node is like."""
    return folder / f"{number}.node"


def _last_line(error: Exception) -> str:
    """What it was about, after a traceback or further lines."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:300]


class QueuedJob:
    """A job in the queue."""

    def __init__(self, engine: SlurmEngine, job: Job) -> None:
        self.engine, self.job = engine, job
        self.tries = 0
        self._ended: Ended | None = None
        self._looked = 0.0
        self._place: str | None = None
        self._submit()

    def _submit(self) -> None:
        self.tries += 1
        self._seen = time.monotonic()
        from submitit.core.utils import FailedJobError

        try:
            self.submitted = self.engine.executor.submit(self.engine.cell(self.job))
        except FailedJobError as error:  # what sbatch has said
            raise RunError(f"--on slurm: the job of {self.job.name} was refused: {_last_line(error)}") from None

    def place(self) -> str | None:
        """The node, and which job of the queue it is: one that was lost starts again as another."""
        note = note_of(self.engine.folder, self.submitted.job_id)
        if note.exists():
            node = read_as(Node, json.loads(note.read_bytes()), str(note), error=RunError)
            self.engine.compare(node)
            self._place = f"{node.name} (job {self.submitted.job_id})"
        return self._place

    def updates_done(self) -> float:
        return self.job.updates_done()

    def ended(self) -> Ended | None:
        if self._ended is None and time.monotonic() - self._looked >= _SECONDS_BETWEEN_LOOKS:
            self._looked = time.monotonic()
            if self._is_over():
                self._collect()
        return self._ended

    def _is_over(self) -> bool:
        """Whether there is a result, or will be none."""
        if self.engine.cluster != "slurm":
            return bool(self.submitted.done())
        if self._has_result():
            return True
        if self.engine.is_queued(self.submitted.job_id):
            self._seen = time.monotonic()
        return time.monotonic() - self._seen >= _SECONDS_TO_APPEAR

    def _has_result(self) -> bool:
        return bool(self.submitted.paths.result_pickle.exists())

    def _collect(self) -> None:
        """Take the result, or submit the job again if there is none."""
        from submitit.core.utils import FailedJobError

        if self._has_result():
            try:
                self._ended = self.submitted.result()
            except FailedJobError as error:
                self._ended = Ended(f"job {self.submitted.job_id}: {_last_line(error)}")
            return
        lost = f"job {self.submitted.job_id} ended without a result"
        if self.tries <= _RETRIES and not self.engine.stopped:
            self.engine.console.print(f"{self.job.name}: {lost}: it is submitted again")
            self._submit()
        else:
            self._ended = Ended(f"{lost}: do the nodes see {self.engine.folder}?")

    def stop(self) -> None:
        self.engine.stop()
        if self.place() is None:  # it may wait in the queue for long
            self.submitted.cancel(check=False)

    def wait(self) -> None:
        until = time.monotonic() + _SECONDS_TO_SAVE
        while self.place() is not None and not self._is_over() and time.monotonic() < until:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        self.submitted.cancel(check=False)


class SlurmEngine:
    """Submits jobs to Slurm.

    Args:
        at_once: how many jobs are in the queue at once.
        memory: bytes that a job needs.
        minutes: after which Slurm ends a job; it goes on as soon as it is its turn again.
        identical: refuse nodes that differ from this machine.
        cluster: what submitit calls the queue system: slurm, or local for processes of this machine.
    """

    def __init__(
        self, at_once: int, memory: int, minutes: int, identical: bool, console: Console, cluster: str = "slurm"
    ) -> None:
        if find_spec("submitit") is None:
            raise MtliteError('--on slurm: submitit is not installed: pip install "submitit", or mtlite with "[slurm]"')
        if cluster == "slurm" and shutil.which("sbatch") is None:
            raise RunError("--on slurm: there is no sbatch here: start mtlite on a machine that submits jobs to Slurm")
        self.at_once, self.memory, self.minutes, self.identical = at_once, memory, minutes, identical
        self.console, self.cluster = console, cluster
        self.stopped = False
        self._compared: set[str] = set()
        self._queue: set[str] = set()
        self._queue_looked = -math.inf

    def begin(self, experiment: Experiment) -> None:
        """Make submitit ready. Jobs of an earlier start that are still there end, with their states saved."""
        import submitit

        self.here, self.supplies = this_node(), supplies_of(experiment)
        self.folder = experiment.folder.absolute() / "slurm"
        self.folder.mkdir(exist_ok=True)
        self.start, self.stopped = secrets.token_hex(16), False
        write_atomically(self.folder / _START, self.start.encode())
        named = {f"{self.cluster}_max_num_timeout": _TIME_OUTS}
        self.executor = submitit.AutoExecutor(self.folder, cluster=self.cluster, **named)
        self.executor.update_parameters(
            name="mtlite",
            timeout_min=self.minutes,
            mem_gb=max(1, -(-self.memory // 2**30)),
            cpus_per_task=experiment.ablation.threads,
        )

    def cell(self, job: Job) -> Cell:
        """What is submitted for a job."""
        job = replace(job, recipe=job.recipe.absolute(), run=job.run.absolute(), log=job.log.absolute())
        expected = self.here if self.identical else None
        return Cell(job, self.supplies, deciding_variables(), expected, self.folder, self.start)

    def submit(self, job: Job) -> QueuedJob:
        """Take a job."""
        return QueuedJob(self, job)

    def is_queued(self, number: str) -> bool:
        """Whether a job waits or runs. Slurm's queue says so everywhere; its accounting is an option of a cluster."""
        if time.monotonic() - self._queue_looked >= _SECONDS_BETWEEN_QUEUES:
            self._queue_looked = time.monotonic()
            command = ["squeue", "--noheader", "--user", getpass.getuser(), "--format", "%i"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            # While Slurm does not answer, nothing is known to have left.
            self._queue = set(done.stdout.split()) if done.returncode == 0 else self._queue | {number}
        return number in self._queue

    def compare(self, node: Node) -> None:
        """Say once how a node differs from this machine."""
        if node.name not in self._compared and (differences := self.here.differences(node)):
            self.console.print(f"warning: {node.name} has {differences}: results may differ in the last digits")
        self._compared.add(node.name)

    def stop(self) -> None:
        """Let all jobs end."""
        if not self.stopped:
            self.stopped = True
            write_atomically(self.folder / _START, b"none")

    def end(self, finished: bool) -> None:
        """Jobs that are still there end, too; what submitit wrote stays beside the logs."""
        if hasattr(self, "folder"):
            self.stop()
