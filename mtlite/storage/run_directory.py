"""A run directory: the only handover between training, translation, evaluation and comparison.

config.yaml          what the user asked for
resolved.yaml        the same, with every default filled in
run.json             facts: versions, fingerprints, sizes, wall times
source.model         SentencePiece of the source, with the rules that its text passes; target.model, of the target
data/                raw dev and test sides
training-log.jsonl   one line per validation and per report of progress
start.safetensors    weights that training started from, if those of another run
best.safetensors     weights of the best validation
last.safetensors     everything that is needed to go on; previous.safetensors is the one before
result.json          scores with signatures
hypotheses*.txt      translations of the test sets
README.md            the card: what the model is, its scores, examples, limits
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, TypeVar

from mtlite.config.length_rules import LengthRules
from mtlite.config.options import Config
from mtlite.config.plain_yaml import write_yaml
from mtlite.config.read import Count, Matching, parse_json, plain, read_as, shown
from mtlite.config.recipe import read_recipe
from mtlite.config.registry import entry_of
from mtlite.config.resolve import ResolvedConfig, Vocabulary
from mtlite.errors import DamagedError, MtliteError, RunError, UsageError
from mtlite.limits import MAX_ARRAYS_BYTES, MAX_SIDE_BYTES, TEST_SET_NAME, read_file
from mtlite.storage.files import remove_parts, without_aside, write_atomically
from mtlite.storage.hub import local_folder
from mtlite.storage.locks import HeldError, Holder, Lock
from mtlite.storage.references import with_further
from mtlite.storage.run_files import CARD as CARD
from mtlite.storage.run_files import CONFIG as CONFIG
from mtlite.storage.run_files import FACTS as FACTS
from mtlite.storage.run_files import LOG as LOG
from mtlite.storage.run_files import MOST_BYTES, most_bytes_of
from mtlite.storage.run_files import RESOLVED as RESOLVED
from mtlite.storage.run_files import RESULT as RESULT
from mtlite.storage.run_files import START as START
from mtlite.storage.run_files import TOKENIZERS as TOKENIZERS

T = TypeVar("T")

FORMAT = 2
_LOCK = ".lock"
_LOCK_FILES = {_LOCK, f"{_LOCK}.holder"}
_MOMENT = 0.5  # seconds, in which somebody who only looks whether a run is in use gives its lock back
_BEFORE_FACTS = {*_LOCK_FILES, CONFIG, RESOLVED, START, *TOKENIZERS, "data", FACTS}
"""What a run can hold that was stopped before its run.json was written."""

Language = Annotated[str, Matching(".{1,99}", "a language code")]


@dataclass(frozen=True)
class Extension:
    """More updates for a training whose learning rate had followed a shorter schedule until then."""

    update: Count  # after which it was extended
    max_updates: Count  # of the schedule before

    def __str__(self) -> str:
        return f"schedule extended at update {self.update:,} from {self.max_updates:,}"


@dataclass(frozen=True)
class StartedFrom:
    """The weights that a training started from, those of another run."""

    weights: str  # the sha256 of their file
    run: str = field(compare=False)  # its path: the same weights may lie elsewhere

    def __str__(self) -> str:
        return f"started from {self.run} (weights {self.weights[:12]}…)"


@dataclass(frozen=True)
class Seen:
    """What a training has seen of its text."""

    pairs: Count  # before filters
    left_out: dict[str, Count]  # by rule, pairs that a filter has left out
    longest_source: Count  # pieces
    longest_target: Count


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a run beside its configuration: `run.json`."""

    format: int = FORMAT
    source_language: Language | None
    target_language: Language | None
    source_vocabulary: Vocabulary
    target_vocabulary: Vocabulary
    joint: bool
    source_tokenizer: str
    target_tokenizer: str
    lengths: LengthRules
    training_pairs: Count
    training_fingerprint: str
    sides: dict[str, str]  # by name, such as `test.source`, the sha256 of the lines
    tests: list[str]  # names of the test sets
    resolved: str  # the sha256 of resolved.yaml
    packages: dict[str, str]
    machine: dict[str, str]
    seconds: dict[str, float]  # of the preparation, the tokenizer and the training
    threads: Count | None = None  # that the training began with
    seen: Seen | None = None  # None in runs that began before it was kept
    other_threads: list[int] = field(default_factory=list)  # that it went on with
    extensions: list[Extension] = field(default_factory=list)
    started_from: StartedFrom | None = None
    parameters: int | None = None
    date: str | None = None  # on which the training began, in UTC; None if it was not written down
    unreachable: float | None = None  # share of the pieces of the dev references without a position in the topology

    def check(self) -> None:
        if not self.tests or not all(TEST_SET_NAME.fullmatch(name) for name in self.tests):
            raise UsageError(f"tests: expected names of test sets, received {str(self.tests)[:80]!r}")


def yaml_of(config: Config) -> bytes:
    """A configuration as the files of a run hold it."""
    return write_yaml(config.to_dict()).encode()


class Run:
    """A run directory, new or old. Its facts and its configuration are read once, when they are first asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, {'finished' if self.finished else 'not finished'})"

    @classmethod
    def open(cls, path: str | Path) -> Run:
        """Open a run that exists, is not damaged, and was made by this version; `hf://USER/NAME` is one on the Hub."""
        run = cls(local_folder(path))
        if not run.path.is_dir():
            problem = "is a file" if run.path.exists() else "not found"
            raise RunError(f"run directory {path} {problem}: give a folder made by mtlite train")
        if not (run.path / FACTS).is_file():
            if run.in_use:
                raise RunError(f"{path} {run.how_far()}")
            raise RunError(f"{path} is not a run directory (no {FACTS} in it): give a folder made by mtlite train")
        run.refuse_strange_entries()
        _ = run.facts  # whoever opens a damaged run hears of it at once
        return run

    @cached_property
    def facts(self) -> Facts:
        """`run.json`; RunError if it is missing, damaged or of another format."""
        values = self._json(FACTS)
        if isinstance(values, dict) and isinstance(values.get("format"), int) and values["format"] != FORMAT:
            raise RunError(
                f"{self.path} was made by another version of mtlite (format {shown(values['format'])}, expected "
                f"{FORMAT}): use that version, or train again"
            )
        return read_as(Facts, values, f"{self.path / FACTS} is damaged", error=RunError)

    def write_facts(self, facts: Facts) -> None:
        """Write `run.json`: with it, the folder is a run."""
        self.write_json(FACTS, plain(facts))
        self.facts = facts

    @cached_property
    def config(self) -> ResolvedConfig:
        """The configuration that the run was trained with; RunError if it is missing or damaged."""
        path = self.path / RESOLVED
        if not path.is_file():
            raise RunError(f"{path} is missing: the run directory is damaged: copy the file back, or train anew")
        try:
            values = read_recipe(path)
        except UsageError as error:
            raise RunError(f"the run directory is damaged: {error}") from None
        model = values.get("model")
        if isinstance(model, dict) and ":" in str(model.get("topology")):  # somebody's own: is it allowed?
            try:
                entry_of(str(model["topology"]))
            except UsageError as error:
                raise RunError(str(error)) from None
        return read_as(ResolvedConfig, values, f"the run directory is damaged: {path}", error=RunError)

    def write_config(self, name: str, config: Config) -> None:
        """Write a configuration as YAML."""
        write_atomically(self.path / name, yaml_of(config))
        self.__dict__.pop("config", None)  # it is read again

    @property
    def finished(self) -> bool:
        """Whether the run has its final scores."""
        return (self.path / RESULT).is_file()

    @classmethod
    def new(cls, recipe: str) -> Run:
        """A run in `runs/RECIPE-N` with the smallest N that is free; the folder is made, so that nobody else takes it.

        Its training removes it again if it makes nothing in it.
        """
        for number in itertools.count(1):
            path = Path("runs") / f"{recipe}-{number}"
            try:
                path.mkdir(parents=True)
                return cls(path)
            except FileExistsError:
                continue
            except OSError as error:
                problem = f"cannot write into {path.parent} ({error.strerror or error})"
                raise RunError(f"{problem}: give another --run") from error
        raise AssertionError("no end of numbers")

    def refuse_strange_entries(self) -> None:
        """Refuse what no run has in it: links to somewhere else, pipes and devices, files of enormous sizes.

        A run is moved and given away as one folder, and it may come from a stranger.
        """
        home = self.path.resolve()
        for folder, most_bytes in ((self.path, MAX_ARRAYS_BYTES), (self.path / "data", MAX_SIDE_BYTES)):
            for entry in folder.iterdir() if folder.is_dir() else ():
                target = Path(os.path.realpath(entry))
                if not target.is_relative_to(home):
                    raise RunError(f"{entry} is a link out of the run directory, to {target}: remove it")
                try:
                    found = entry.stat()
                except FileNotFoundError:
                    if entry.is_symlink():
                        raise RunError(f"{entry} is a link to nothing: the run is damaged") from None
                    continue  # written aside by a training, and renamed meanwhile
                is_file = stat.S_ISREG(found.st_mode)
                if not (is_file or stat.S_ISDIR(found.st_mode)) or (entry.name in MOST_BYTES and not is_file):
                    raise RunError(f"{entry} is not a file: the run is damaged")
                most = MOST_BYTES.get(entry.name, most_bytes)
                if is_file and found.st_size > most:
                    raise RunError(f"{entry} has {found.st_size:,} bytes: expected at most {most:,}")

    def refuse_existing(self, ours: bool = False) -> None:
        """Refuse a folder that already has something in it; `ours` says that this process holds its lock."""
        names = self._names()
        if names & _LOCK_FILES and not ours and self.in_use:
            raise self._held()
        if FACTS in names:
            raise UsageError(f"{self.path} already holds a run: add --resume to go on with it, or give another --run")
        if {without_aside(name) for name in names} - _LOCK_FILES:
            raise UsageError(f"{self.path} is not empty: give a folder that is new or empty as --run")

    def refuse_foreign(self) -> None:
        """Refuse to go on in a folder that holds something other than a run, or the beginning of one."""
        names = {without_aside(name) for name in self._names()}
        if FACTS not in names and names - _BEFORE_FACTS:
            raise UsageError(f"{self.path} is not a run directory: give a folder made by mtlite train to --resume")

    def _names(self) -> set[str]:
        if not self.path.exists():
            return set()
        if not self.path.is_dir():
            raise UsageError(f"--run {self.path} is a file: give a folder that is new or empty")
        try:
            return {entry.name for entry in self.path.iterdir()}
        except OSError as error:
            raise RunError(f"cannot read {self.path} ({error.strerror}): give another --run") from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from writing into the run; the lock ends with this process, however that ends.

        A folder in which nothing was made in the meantime is removed.
        """
        lock = self._lock
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire(_MOMENT)
        except HeldError:
            raise self._held() from None
        except OSError as error:
            raise RunError(f"cannot write into {self.path} ({error.strerror or error}): give another --run") from error
        try:
            remove_parts(self.path)
            remove_parts(self.path / "data")
            yield
        finally:
            empty = False
            with contextlib.suppress(OSError, MtliteError):
                empty = self._names() <= _LOCK_FILES
            lock.release(remove=empty)
            if empty:
                with contextlib.suppress(OSError):
                    self.path.rmdir()

    @property
    def _lock(self) -> Lock:
        return Lock(self.path / _LOCK)

    def _held(self) -> RunError:
        return RunError(f"{self.path} is in use by {self._lock.held_by()}: wait for it, or give another --run")

    @property
    def in_use(self) -> bool:
        """Whether a process writes into the run now."""
        return self._lock.is_held

    def forget_holder(self, holder: Holder) -> None:
        """Free the run from a process of another machine that is known to have ended."""
        self._lock.forget(holder)

    def how_far(self) -> str:
        """What to say of a run that is not finished."""
        if self.in_use:
            return f"is in training, by {self._lock.held_by()}: wait until it has ended (mtlite runs shows its state)"
        return f"is not finished: go on with mtlite train --run {self.path} --resume"

    def _json(self, name: str) -> Any:
        return parse_json(self._bytes(name), f"{self.path / name} is damaged", DamagedError)

    def read_json(self, name: str, kind: type[T]) -> T:
        """Read a JSON file of the run as a type; RunError if it is missing or something else."""
        if not (self.path / name).exists():
            raise RunError(f"{self.path} has no {name}: the run {self.how_far()}")
        return read_as(kind, self._json(name), f"{self.path / name} is damaged", error=DamagedError)

    def write_json(self, name: str, content: Any) -> None:
        """Write a JSON file of the run, whole or not at all."""
        write_atomically(self.path / name, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())

    def checksum(self, name: str) -> str:
        """The sha256 of a file of the run."""
        return hashlib.sha256(self._bytes(name)).hexdigest()

    def write_side(self, name: str, lines: Sequence[str]) -> str:
        """Write the raw lines of one side of a dev or test set into `data/`; return the sha256 of the file."""
        try:
            (self.path / "data").mkdir(exist_ok=True)
        except OSError as error:
            raise RunError(f"cannot make {self.path / 'data'} ({error.strerror})") from error
        return self.write_lines(f"data/{name}", lines)

    def read_side(self, name: str) -> list[str]:
        """Read the lines that `write_side` wrote; RunError if they are missing or were altered."""
        content = self._bytes(f"data/{name}")
        if hashlib.sha256(content).hexdigest() != self.facts.sides.get(name):
            raise RunError(f"{self.path / 'data' / name} was altered: its checksum is not the one in {FACTS}")
        try:
            return content.decode().split("\n")[:-1]
        except UnicodeDecodeError as error:
            raise DamagedError(f"{self.path / 'data' / name} is damaged ({error})") from None

    def references(self, name: str) -> list[str] | list[list[str]]:
        """Read the reference of each sentence of a dev or test set, or all references if some have several."""
        first, further = self.read_side(f"{name}.target"), f"{name}.references"
        try:
            return with_further(first, self.read_side(further) if further in self.facts.sides else None, str(self.path))
        except UsageError as error:
            raise DamagedError(str(error)) from None

    def write_lines(self, name: str, lines: Sequence[str]) -> str:
        """Write lines, such as hypotheses; return the sha256 of the file."""
        content = "".join(f"{line}\n" for line in lines).encode()
        write_atomically(self.path / name, content)
        return hashlib.sha256(content).hexdigest()

    def read_lines(self, name: str, sha256: str | None = None) -> list[str]:
        """Read the lines that `write_lines` wrote; RunError if they are missing, no text, or of another checksum."""
        content = self._bytes(name)
        if sha256 and hashlib.sha256(content).hexdigest() != sha256:
            raise DamagedError(
                f"{self.path / name} was altered: its checksum is not the one in {RESULT}: put the file back, or "
                f"remove {RESULT} and score again with mtlite train --run {self.path} --resume"
            )
        try:
            return content.decode().split("\n")[:-1]
        except UnicodeDecodeError as error:
            raise DamagedError(f"{self.path / name} is damaged ({error})") from None

    def _bytes(self, name: str) -> bytes:
        path = self.path / name
        try:
            return read_file(path, most_bytes_of(name))
        except OSError as error:
            problem = "the run directory is damaged: copy the file back, or train anew"
            raise RunError(f"cannot read {path} ({error.strerror}): {problem}") from None


class ReadRun(Run):
    """A run directory into which another process writes, the chief of several workers: here it is only read."""

    def write_facts(self, facts: Facts) -> None:
        """Note what the chief writes."""
        self.facts = facts
