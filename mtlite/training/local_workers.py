"""Workers of one training on this machine: this process is the chief, and it starts the others."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from mtlite.config.options import Config
from mtlite.config.places import in_full
from mtlite.errors import RunError
from mtlite.storage.run_directory import yaml_of
from mtlite.training.cluster import Cluster, free_local_addresses

_SECONDS_TO_END = 60.0  # each notices within seconds that the chief has ended


class LocalWorkers(NamedTuple):
    """The workers of this machine, and what raises an error if one has ended before all have come."""

    cluster: Cluster
    check: Callable[[], None]


@contextmanager
def local_workers(count: int, config: Config, arguments: Sequence[str]) -> Iterator[LocalWorkers]:
    """Start all workers but the first with `mtlite train RECIPE` and further arguments; wait for them at the end."""
    addresses = free_local_addresses(count)
    with tempfile.TemporaryDirectory() as folder:
        recipe = Path(folder) / "recipe.yaml"
        recipe.write_bytes(yaml_of(in_full(config)))
        workers = ["--workers", ",".join(addresses)]
        processes: list[subprocess.Popen[bytes]] = []
        try:
            for number in range(1, count):
                command = ["train", str(recipe), *arguments, *workers, "--worker", str(number)]
                processes.append(_start(command, Path(folder) / f"{number}.txt"))
            yield LocalWorkers(Cluster(addresses, 0), lambda: _check(processes, Path(folder)))
        finally:
            _wait(processes)


def _start(arguments: list[str], output: Path) -> subprocess.Popen[bytes]:
    """Start `mtlite`, in a session of its own: Ctrl-C is for the chief, who tells the others."""
    paths = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    with open(output, "wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "mtlite", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )


def _check(processes: Sequence[subprocess.Popen[bytes]], folder: Path) -> None:
    for number, process in enumerate(processes, 1):
        if process.poll() is not None:
            said = (folder / f"{number}.txt").read_text(errors="replace").splitlines() or ["it said nothing"]
            raise RunError(f"worker {number} ended at its start: {said[-1].removeprefix('mtlite: ')}")


def _wait(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
