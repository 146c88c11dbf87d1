"""Let every place that writes fail once, in a short training, resume it, and compare its end with an undisturbed one.

    python scripts/fault_everywhere.py
    python scripts/fault_everywhere.py --first 40 --last 80
    python scripts/fault_everywhere.py --moments 300 --only-moments

A place is a call (open, write, flush, fsync, rename, mkdir, link, truncate …) on a kind of file, such as the write of
`run/newest.safetensors`. One undisturbed training shows all of them, those in its cache included. Each fails with EIO,
with ENOSPC (half of a write is done before) and by signal 9; `--moments` adds calls at random. TensorBoard's files are
written by TensorFlow itself, and are not watched. With `--first` and `--last`, only faults of these numbers are tried.
"""

from __future__ import annotations

import argparse
import builtins
import collections
import errno
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import kill_and_resume

ERRORS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC}
WAYS = (*ERRORS, "kill")
OPTIONS: dict[str, dict[str, Any]] = {
    "tokenizer": {"vocabulary_size": 100, "sampling": 0.3},
    "model": {"topology": "attention", "layers": 1, "units": 8, "embedding_size": 8, "dropout": 0.2},
    "training": {
        "max_updates": 6,
        "batch_tokens": 300,
        "moving_average": 0.9,
        "validate_every": 3,
        "save_every": 2,
        "tensorboard": False,
    },
    "search": {"beam_size": 1},
}
SENTENCES = {"train": 60, "dev": 6, "test": 6}
_BY_PATH = {"os.open": 0, "os.replace": 1, "os.rename": 1, "os.mkdir": 0, "os.link": 1, "os.utime": 0, "os.unlink": 0}
_BY_HANDLE = ("os.write", "os.fsync", "os.ftruncate")


class Place(NamedTuple):
    """Where a fault can be."""

    call: str
    kind: str  # of file: its path with a star for what differs from start to start

    def __str__(self) -> str:
        return f"{self.call} {self.kind}"


class Fault(NamedTuple):
    """One call that fails."""

    number: int  # of the call, from 0, among those at the place, or among all without one
    way: str
    place: Place | None = None

    def __str__(self) -> str:
        return f"{self.way} at {self.place or 'a random call'}, number {self.number + 1}"


def kind_of(path: Any, folder: Path) -> str | None:
    """The kind of a file in a folder; None for other files."""
    try:
        relative = Path(os.path.abspath(os.fsdecode(path))).relative_to(folder).as_posix()
    except (TypeError, ValueError):
        return None
    return re.sub(r"[0-9a-f]{16,}|\d+", "*", relative)


class Watch:
    """Counts calls that write below a folder; one of them can fail."""

    def __init__(self, folder: Path, fault: Fault | None) -> None:
        self.folder, self.fault = folder, fault
        self.seen: list[Place] = []

    def reach(self, call: str, path: Any, half: Callable[[], Any] | None = None) -> None:
        """Note a call, and raise the error or end the process if it is the one to fail."""
        kind = kind_of(path, self.folder)
        if kind is None:
            return
        self.seen.append(place := Place(call, kind))
        if self.fault is None or self.fault.place not in (None, place):
            return
        before = len(self.seen) if self.fault.place is None else self.seen.count(place)
        if before != self.fault.number + 1:
            return
        if half:
            half()
        if self.fault.way == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        code = ERRORS[self.fault.way]
        raise OSError(code, os.strerror(code), os.fspath(path))


class WatchedFile:
    """A file whose writing is counted; everything else is that of the file itself."""

    def __init__(self, file: Any, path: Any, watch: Watch) -> None:
        self._file, self._path, self._watch = file, path, watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> WatchedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._file)

    def write(self, content: Any) -> Any:
        self._watch.reach("write", self._path, lambda: self._file.write(content[: len(content) // 2]))
        return self._file.write(content)

    def flush(self) -> None:
        self._watch.reach("flush", self._path)
        self._file.flush()

    def truncate(self, *size: int) -> Any:
        self._watch.reach("truncate", self._path)
        return self._file.truncate(*size)

    def close(self) -> None:
        self._file.close()


def _by_path(watch: Watch, name: str, real: Any) -> Any:
    def call(*arguments: Any, **options: Any) -> Any:
        if name != "os.open" or arguments[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            watch.reach(name.removeprefix("os."), arguments[_BY_PATH[name]])
        return real(*arguments, **options)

    return call


def _by_handle(watch: Watch, name: str, real: Any) -> Any:
    def call(handle: int, *rest: Any) -> Any:
        half = (lambda: real(handle, rest[0][: len(rest[0]) // 2])) if name == "os.write" else None
        watch.reach(name.removeprefix("os."), os.readlink(f"/proc/self/fd/{handle}"), half)
        return real(handle, *rest)

    return call


@contextmanager
def watched(folder: Path, fault: Fault | None) -> Iterator[Watch]:
    """Watch this process; give what it reaches."""
    watch, open_file = Watch(folder, fault), builtins.open

    def opened(path: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if not {*mode} & {*"wxa+"} or kind_of(path, folder) is None:
            return open_file(path, mode, *arguments, **options)
        watch.reach("open", path)
        return WatchedFile(open_file(path, mode, *arguments, **options), path, watch)

    with ExitStack() as patches:
        for name in ("builtins.open", "io.open"):  # pathlib has the second
            patches.enter_context(mock.patch(name, opened))
        for maker, names in ((_by_path, _BY_PATH), (_by_handle, _BY_HANDLE)):
            for name in names:
                patches.enter_context(mock.patch(name, maker(watch, name, getattr(os, name.removeprefix("os.")))))
        yield watch


def train(folder: Path, recipe: Path, fault: Fault | None, output: Path) -> None:
    """`mtlite train --resume` in this process: the run and the cache are in a folder, whose places are written down."""
    handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    import datasets

    from mtlite.cli import main

    datasets.config.HF_DATASETS_CACHE = folder / "cache"
    with watched(folder, fault) as watch:
        code = main(["train", str(recipe), "--run", str(folder / "run"), "--resume"])
    with open(output.with_suffix(".places"), "w") as file:
        json.dump(watch.seen, file)
    raise SystemExit(code)


def run(folder: Path, recipe: Path, fault: Fault | None, output: Path) -> int:
    """Train in a process of its own; return its exit code."""
    process: BaseProcess = kill_and_resume.context().Process(target=train, args=(folder, recipe, fault, output))
    process.start()
    process.join()
    return int(process.exitcode or 0)


class Trial(NamedTuple):
    """What came of a fault."""

    right: bool
    how: str


def attempt(fault: Fault, base: Path, recipe: Path, expected: dict[str, str]) -> Trial:
    """Train with a fault, go on without it, and compare."""
    folder = base / "trial"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    output = base / "trial.txt"
    output.write_text("")
    code = run(folder, recipe, fault, output)
    said = [line for line in output.read_text(errors="replace").splitlines() if line.startswith("mtlite: ")]
    if fault.way == "kill" and code != -signal.SIGKILL:
        return Trial(code == 0, "was not reached")
    if fault.way != "kill" and (code not in (0, 1) or "Traceback" in output.read_text() or "unexpected" in str(said)):
        return Trial(False, f"ended with {code}, said {said}")
    if code == 1 and len(said) != 1:
        return Trial(False, f"said {said}")
    if run(folder, recipe, None, output):
        return Trial(False, f"did not resume: {output.read_text(errors='replace').splitlines()[-1]}")
    found = kill_and_resume.ending(folder / "run")
    wrong = [name for name in expected if found[name] != expected[name]]
    how = "went on at once" if code == 0 else "stopped, resumed"
    return Trial(not wrong, f"differs in {', '.join(wrong)}" if wrong else f"{how}, identical")


def faults_of(places: list[Place], moments: int, seed: int, only_moments: bool) -> list[Fault]:
    """Every place with every way, at its first call; then calls at random."""
    each = [] if only_moments else [Fault(0, way, place) for place in dict.fromkeys(places) for way in WAYS]
    draw = random.Random(seed)
    return each + [Fault(draw.randrange(len(places)), draw.choice(WAYS)) for _ in range(moments)]


def try_all(base: Path, arguments: argparse.Namespace) -> int:
    """Print the places, and what came of each fault; return how many went wrong."""
    recipe = kill_and_resume.write_recipe(base, SENTENCES, OPTIONS)
    undisturbed = base / "undisturbed"
    undisturbed.mkdir()
    if code := run(undisturbed, recipe, None, base / "undisturbed.txt"):
        raise RuntimeError(f"the undisturbed training ended with {code}: {(base / 'undisturbed.txt').read_text()}")
    expected = kill_and_resume.ending(undisturbed / "run")
    places = [Place(*each) for each in json.loads((base / "undisturbed.places").read_text())]
    counts = collections.Counter(places)
    print(f"{len(counts)} places, {len(places)} calls", flush=True)
    for place, count in counts.items():
        print(f"  {count:4}  {place}", flush=True)
    faults = faults_of(places, arguments.moments, arguments.seed, arguments.only_moments)
    chosen = list(enumerate(faults, 1))[arguments.first - 1 : arguments.last]
    outcomes: dict[str, collections.Counter[bool]] = {way: collections.Counter() for way in WAYS}
    for number, fault in chosen:
        trial = attempt(fault, base, recipe, expected)
        outcomes[fault.way][trial.right] += 1
        print(f"fault {number} of {len(faults)}: {fault}: {'' if trial.right else 'WRONG: '}{trial.how}", flush=True)
    print("| fault | resumed to the same end | of |\n|---|--:|--:|")
    for way, found in outcomes.items():
        print(f"| {way} | {found[True]} | {found.total()} |")
    return sum(found[False] for found in outcomes.values())


def main() -> int:
    """Try all faults that were asked for; the exit code is 1 if one went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=0, help="faults at random calls, besides (default: 0)")
    parser.add_argument("--only-moments", action="store_true", help="nothing but those")
    parser.add_argument("--seed", type=int, default=1, help="of the random calls (default: 1)")
    parser.add_argument("--first", type=int, default=1, help="number of the first fault to try (default: 1)")
    parser.add_argument("--last", type=int, default=None, help="number of the last one (default: all)")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_HOME"] = folder
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        os.environ["PYTHONWARNINGS"] = "ignore:resource_tracker"  # a killed process cannot clean up
        return int(try_all(Path(folder).resolve(), parser.parse_args()) > 0)


if __name__ == "__main__":
    raise SystemExit(main())
