"""What the cells of an ablation read: corpus, tokenizers, entries of the cache; and how it comes to a node.

A node that sees all of it, and the folder of the ablation, works there. Any other node has a folder of its own, to
which the supplies are sent once; folders of cells travel there and back.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtlite.ablation.jobs import Job
from mtlite.config.places import in_full, moved, paths_of
from mtlite.config.recipe import read_config
from mtlite.errors import RunError
from mtlite.storage.cache import the_cache
from mtlite.storage.files import aside, write_atomically
from mtlite.storage.locks import Lock
from mtlite.storage.run_directory import CONFIG, yaml_of

if TYPE_CHECKING:
    from mtlite.ablation.experiment import Experiment

SEEN = ".seen"  # a file in the folder of an ablation: who reads the same words there sees the same folder
_PIECE = 1 << 28  # bytes of a large file that travel at once
_NOT_SENT = (".lock", ".lock.holder")
_PATIENCE = 3600.0  # seconds that a job waits while another one of its node receives the supplies

Files = dict[str, bytes]
"""By path in a folder, the content of its files."""


@dataclass(frozen=True)
class Supplies:
    """Where they lie with the one that started the ablation. All paths are in full."""

    folder: str  # of the ablation
    token: str  # what stands in its file `SEEN`
    inputs: list[str]  # files and folders that options name, and modules of topologies from outside
    modules: list[str]  # of these, the modules
    entries: list[str]  # folders of the cache
    sizes: dict[str, int] = field(default_factory=dict)  # of every file in all of these

    @property
    def cache(self) -> str | None:
        """The cache of `datasets`; None if nothing of it was used."""
        return str(Path(self.entries[0]).parents[1]) if self.entries else None

    @property
    def name(self) -> str:
        """The same for every start of the ablation."""
        content = repr([self.folder, self.inputs, self.entries, self.sizes])
        return f"{Path(self.folder).name}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"

    @property
    def places(self) -> dict[str, str]:
        """Of every input and entry, its path in the folder of a node that does not see it."""
        inputs = {path: f"inputs/{number}/{Path(path).name}" for number, path in enumerate(self.inputs)}
        return inputs | {path: f"cache/{Path(path).parent.name}/{Path(path).name}" for path in self.entries}

    def unseen(self) -> str | None:
        """What this node does not see, or sees otherwise; None if it sees everything."""
        mark = Path(self.folder) / SEEN
        if not mark.is_file() or mark.read_text() != self.token:
            return self.folder
        return next((path for path, size in self.sizes.items() if _size(path) != size), None)

    def files(self) -> Iterator[tuple[str, str]]:
        """Every file: its path here, and its path in the folder of a node."""
        for path, place in self.places.items():
            for file in _files_in(path):
                yield file, os.path.normpath(os.path.join(place, os.path.relpath(file, path)))


def supplies_of(experiment: Experiment) -> Supplies:
    """The supplies of an ablation, whose folder is marked so that nodes know it."""
    from mtlite.ablation.cells import systems_of

    ablation, folder, token = experiment.ablation, experiment.folder.absolute(), secrets.token_hex(16)
    write_atomically(folder / SEEN, token.encode())
    systems = systems_of(ablation)
    outside = {system.topology.partition(":")[0] for system in systems if ":" in system.topology}
    modules = sorted(os.path.abspath(file) for name in outside if (file := sys.modules[name].__file__))
    named = paths_of(in_full(experiment.config(systems[0], ablation.seeds[0])))
    inputs = [*(path for path in named if os.path.exists(path)), *modules]
    entries = [str(path.absolute()) for path in the_cache().used_here()]
    supplies = Supplies(str(folder), token, inputs, modules, entries)
    return replace(supplies, sizes={file: os.path.getsize(file) for file, _ in supplies.files()})


@dataclass(frozen=True)
class Workplace:
    """Where a node works."""

    folder: Path  # which stands for the folder of the ablation
    places: Mapping[str, str]  # by path where the ablation was started, that of the same here; empty if it is seen
    modules: list[str]  # of topologies from outside, here
    cache: str | None  # of `datasets`

    @property
    def variables(self) -> dict[str, str]:
        """What the environment of a job must say."""
        paths = [os.path.dirname(module) for module in self.modules]
        found = {"HF_DATASETS_CACHE": self.cache} if self.cache else {}
        if paths:
            found["PYTHONPATH"] = os.pathsep.join([*paths, *filter(None, [os.environ.get("PYTHONPATH")])])
        return found

    def job(self, job: Job, folder: str) -> Job:
        """A job of the ablation in `folder`, with the paths that it has here."""

        def here(path: Path) -> Path:
            return self.folder / os.path.relpath(os.path.abspath(path), folder)

        return replace(job, recipe=here(job.recipe), run=here(job.run), log=here(job.log))


def shared_workplace(supplies: Supplies) -> Workplace:
    """Where a node works that sees everything."""
    return Workplace(Path(supplies.folder), {}, supplies.modules, supplies.cache)


def own_folder(supplies: Supplies, node: str) -> Path:
    """The folder of a node that does not see everything, for this ablation."""
    user = str(os.getuid()) if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"mtlite-{user}" / f"{supplies.name}-{node[:16]}"


def own_workplace(supplies: Supplies, node: str, receive: Callable[[Path], None]) -> Workplace:
    """Where a node works that does not see everything; `receive` writes the supplies into a folder, once a node."""
    folder = own_folder(supplies, node)
    whole = folder / "supplies"
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "getuid") and folder.parent.stat().st_uid != os.getuid():
        raise RunError(f"{folder.parent} belongs to somebody else: set TMPDIR on that node to another folder")
    folder.mkdir(exist_ok=True)
    lock = Lock(folder / "supplies.lock")
    lock.acquire(_PATIENCE)
    try:
        if not whole.exists():
            part = aside(whole)
            part.mkdir()
            receive(part)
            os.replace(part, whole)
    finally:
        lock.release()
    places = {path: str(whole / place) for path, place in supplies.places.items()}
    return Workplace(folder, places, [places[each] for each in supplies.modules], str(whole / "cache"))


def unpack(job: Job, recipe: bytes, places: Mapping[str, str], files: Files) -> None:
    """Write the recipe of a job and what there is of its folder, with the paths that they have here.

    Args:
        job: with paths that are valid here.
    """
    job.recipe.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(job.recipe, recipe)
    write_atomically(job.recipe, yaml_of(moved(read_config(job.recipe), places)))
    if not job.run.exists():
        put_in_place(job.run, files)
    if (job.run / CONFIG).exists():
        write_atomically(job.run / CONFIG, job.recipe.read_bytes())


def packed_recipe(job: Job) -> bytes:
    """The recipe of a job with every path in full."""
    return yaml_of(in_full(read_config(job.recipe)))


def packed(run: Path) -> Files:
    """All files of a folder; none if it is not there."""
    files = (Path(file) for file in _files_in(str(run)))
    return {str(file.relative_to(run)): file.read_bytes() for file in files if file.name not in _NOT_SENT}


def put_in_place(run: Path, files: Files) -> None:
    """Replace the folder of a run, whole or not at all; without files, nothing changes."""
    if not files:
        return
    run.parent.mkdir(parents=True, exist_ok=True)
    part = aside(run)
    for name, content in files.items():
        (part / name).parent.mkdir(parents=True, exist_ok=True)
        (part / name).write_bytes(content)
    if run.exists():
        old = aside(run)
        os.replace(run, old)
        shutil.rmtree(old, ignore_errors=True)
    os.replace(part, run)


def pieces_of(path: str) -> Iterator[Any]:
    """The content of a file, a quarter of a gigabyte at a time; an empty file is one piece."""
    with open(path, "rb") as file:
        yield file.read(_PIECE)
        while piece := file.read(_PIECE):
            yield piece


def write_pieces(path: Path, pieces: Sequence[Any], get: Callable[[Any], bytes]) -> int:
    """Write a file from pieces, each of which `get` brings; return its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        return sum(file.write(get(piece)) for piece in pieces)


def _files_in(path: str) -> Iterator[str]:
    """A file, or all files in a folder."""
    if os.path.isfile(path):
        yield path
    for folder, _, names in os.walk(path):
        yield from (os.path.join(folder, name) for name in sorted(names))


def _size(path: str) -> int | None:
    try:
        return os.path.getsize(path)
    except OSError:
        return None
