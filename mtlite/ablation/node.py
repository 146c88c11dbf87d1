"""A machine of a cluster: what results depend on there, and a job that is run and watched there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mtlite.ablation.jobs import OUTCOME, Ended, Job
from mtlite.ablation.processes import Process
from mtlite.config.read import plain, read_as
from mtlite.errors import RunError
from mtlite.runtime import machine
from mtlite.storage.files import write_atomically
from mtlite.storage.locks import Holder, here
from mtlite.storage.run_directory import Run
from mtlite.version import __version__

_PACKAGES = ("tensorflow", "keras", "numpy", "sentencepiece")  # that results depend on
_DECIDING = ("OMP_", "TF_", "KERAS_BACKEND", "HF_HUB_OFFLINE")  # beginnings of variables that a training reads
_SECONDS_BETWEEN_LOOKS = 0.5
_SECONDS_TO_SAVE = 60.0  # after which an earlier start is taken for dead
STOPPED = Ended("it was stopped")


@dataclass(frozen=True)
class Node:
    """What results depend on, in their last digits at least."""

    name: str
    versions: dict[str, str]  # by package; the processor among them

    def differences(self, other: Node) -> str:
        """What differs on another node, in a few words; empty if nothing does."""
        names = {**self.versions, **other.versions}
        return ", ".join(
            f"{name} {other.versions.get(name, 'missing')} (here {self.versions.get(name, 'missing')})"
            for name in names
            if self.versions.get(name) != other.versions.get(name)
        )


def this_node() -> Node:
    """The node on which this runs. The source of mtlite counts: two checkouts may state one version."""
    versions = {"mtlite": f"{__version__} ({_source()[:8]})"}
    for package in _PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    return Node(platform.node(), {**versions, "processor": machine()["processor"]})


def _source() -> str:
    """The SHA-256 of the source of the package."""
    folder, digest = Path(__file__).resolve().parents[1], hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def deciding_variables() -> dict[str, str]:
    """The variables of this process that a training reads, to be the same for all cells."""
    return {name: value for name, value in os.environ.items() if name.startswith(_DECIDING)}


def environment_with(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of this node, with the deciding variables of the one that started the ablation.

    An engine sets some of them itself, such as Ray OMP_NUM_THREADS: a cell states its threads in its recipe.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith(_DECIDING)}
    return {**own, **variables}


def run_and_watch(
    job: Job,
    environment: Mapping[str, str],
    look: Callable[[float], bool],
    started: Callable[[Process], None] = lambda _: None,
) -> Ended:
    """Run a job on this node, unless its outcome is there.

    Args:
        job: with paths that are valid here.
        look: is called now and then with the updates that are done; if it is False, the job saves its state and ends.
        started: is called with the process, once.
    """
    if (job.run / OUTCOME).exists():
        return Ended()
    if not look(job.updates_done()):
        return STOPPED
    _await_earlier_start(job)
    process, stopped = Process(job, environment), False
    started(process)
    write_atomically(_note(job), json.dumps(plain(here(process.process.pid))).encode())
    try:
        while (ended := process.ended()) is None:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            if not stopped and not look(process.updates_done()):
                stopped = True
                process.stop()
    finally:
        process.stop()
        process.wait()
        _note(job).unlink(missing_ok=True)
    # A later start may have brought the job to its outcome by now; this one was stopped all the same.
    return STOPPED if stopped and (ended.failure or not (job.run / OUTCOME).exists()) else ended


def _note(job: Job) -> Path:
    """Where it stands which process has the job."""
    return job.log.with_suffix(".process")


def _await_earlier_start(job: Job) -> None:
    """Wait until an earlier start of a job has ended; one on a node that is dead would lock its folder for ever.

    Whoever starts a job again has told its earlier start to end.
    """
    run, until = Run(job.run), time.monotonic() + _SECONDS_TO_SAVE
    with contextlib.suppress(FileNotFoundError, ValueError, RunError):
        earlier = read_as(Holder, json.loads(_note(job).read_bytes()), str(_note(job)), error=RunError)
        while run.in_use and time.monotonic() < until:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        if run.in_use:
            run.forget_holder(earlier)
