"""The engine of one machine: every job is a process here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mtlite.ablation.jobs import Ended, Job

if TYPE_CHECKING:
    from mtlite.ablation.experiment import Experiment


class Process:
    """A job that runs here. It has a session of its own: Ctrl-C is for us, and we hand it on once."""

    def __init__(self, job: Job, environment: Mapping[str, str] | None = None) -> None:
        """Start it, in an environment that is like ours if none is given."""
        self.job = job
        environment = os.environ if environment is None else environment
        job.log.parent.mkdir(parents=True, exist_ok=True)
        paths = [str(Path(__file__).resolve().parents[2]), *filter(None, [environment.get("PYTHONPATH")])]
        command = [sys.executable, "-m", job.module, str(job.recipe), str(job.run), *job.arguments]
        with open(job.log, "ab") as log:
            self.start = log.tell()
            self.process = subprocess.Popen(
                [*command, "--parent", str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**environment, "PYTHONPATH": os.pathsep.join(paths)},
            )

    def place(self) -> str:
        return ""

    def updates_done(self) -> float:
        return self.job.updates_done()

    def ended(self) -> Ended | None:
        code = self.process.poll()
        return None if code is None else Ended(self._reason(code) if code else None)

    def stop(self) -> None:
        self.process.terminate()

    def wait(self) -> None:
        self.process.wait()

    def said(self) -> bytes:
        """What it has printed."""
        return self.job.log.read_bytes()[self.start :]

    def _reason(self, code: int) -> str:
        """Why it failed: the last thing that it said."""
        said = self.said().decode(errors="replace").splitlines()
        own = [line.removeprefix("mtlite: ") for line in said if line.startswith("mtlite: ")]
        ended = f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        return own[-1] if own and code > 0 else ended


class Processes:
    """Runs jobs here, `at_once` of them side by side."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once

    def begin(self, experiment: Experiment) -> None:
        """Nothing is needed."""

    def submit(self, job: Job) -> Process:
        return Process(job)

    def end(self, finished: bool) -> None:
        """Nothing was taken."""
