"""A run directory: the only handover between training, translation, evaluation and comparison.

config.yaml          what the user asked for
resolved.yaml        what that came to, nothing left open
run.json             facts: versions, fingerprints, sizes, wall times
tokenizer.model      SentencePiece (source.model and target.model where the vocabularies are separate)
data/                raw dev and test sides
metrics.jsonl        one line per validation and per report of progress
best.safetensors     weights of the best validation
last.safetensors     everything that is needed to go on; previous.safetensors is the one before
result.json          scores with signatures
hypotheses*.txt      translations of the test sets
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from mtlite.config.options import Config
from mtlite.errors import DataError, MtliteError, RunError, UsageError
from mtlite.limits import (
    MAX_ARRAYS_BYTES,
    MAX_JSON_BYTES,
    MAX_LINES_BYTES,
    MAX_TOKENIZER_BYTES,
    MAX_VOCABULARY,
    MAX_YAML_BYTES,
    TEST_SET_NAME,
)
from mtlite.storage.files import write_atomically

FORMAT = 1

_FACTS: dict[str, type] = {  # what every run.json holds
    "format": int,
    "source_vocabulary": int,
    "target_vocabulary": int,
    "joint": bool,
    "source_tokenizer": str,
    "target_tokenizer": str,
    "lengths": dict,
    "training_fingerprint": str,
    "sides": dict,
    "tests": list,
    "packages": dict,
    "machine": dict,
}
_LOCK = ".lock"
_MOST_BYTES = {
    "run.json": MAX_JSON_BYTES,
    "config.yaml": MAX_YAML_BYTES,
    "resolved.yaml": MAX_YAML_BYTES,
    "result.json": MAX_JSON_BYTES,
    "metrics.jsonl": MAX_LINES_BYTES,
    "hypotheses.txt": MAX_LINES_BYTES,
    **dict.fromkeys(("tokenizer.model", "source.model", "target.model"), MAX_TOKENIZER_BYTES),
    **dict.fromkeys(("best.safetensors", "last.safetensors", "previous.safetensors"), MAX_ARRAYS_BYTES),
}
_BEFORE_RUN_JSON = {  # what a run that was stopped before its run.json was written can hold
    *(_LOCK, "config.yaml", "resolved.yaml", "tokenizer.model", "source.model", "target.model", "data", "run.json"),
}


class Run:
    """A run directory, new or old.

    Args:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, path: str | Path) -> Run:
        """A run that exists.

        Raises:
            RunError: if there is no run at that place, or if it is damaged or of another make.
        """
        run = cls(Path(path))
        if not run.path.is_dir():
            raise RunError(f"run directory {path} not found: give a folder made by mtlite train")
        if not (run.path / "run.json").is_file():
            raise RunError(f"{path} is not a run directory (no run.json in it): give a folder made by mtlite train")
        run.refuse_strange_entries()
        run.facts()
        return run

    def refuse_strange_entries(self) -> None:
        """Refuse what no run has in it: links to somewhere else, pipes and devices, files of enormous sizes.

        A run is moved and given away as one folder, and it may come from a stranger.

        Raises:
            RunError: what is in it.
        """
        home = self.path.resolve()
        for folder in (self.path, self.path / "data"):
            for entry in folder.iterdir() if folder.is_dir() else ():
                target = Path(os.path.realpath(entry))
                if not target.is_relative_to(home):
                    raise RunError(f"{entry} is a link out of the run directory, to {target}: remove it")
                if not (entry.is_file() or entry.is_dir()) or (entry.name in _MOST_BYTES and entry.is_dir()):
                    raise RunError(f"{entry} is not a file: the run is damaged")
                most = _MOST_BYTES.get(entry.name, MAX_ARRAYS_BYTES)
                if entry.is_file() and entry.stat().st_size > most:
                    raise RunError(f"{entry} has {entry.stat().st_size:,} bytes: expected at most {most:,}")

    def facts(self) -> dict[str, Any]:
        """`run.json`, checked.

        Raises:
            RunError: if it is missing, damaged or of another format.
        """
        facts = self.read_json("run.json")
        for name, kind in _FACTS.items():
            if not isinstance(facts.get(name), kind):
                raise RunError(
                    f"{self.path / 'run.json'} is damaged: expected {name} as {kind.__name__}, "
                    f"received {type(facts.get(name)).__name__}"
                )
            if kind is int and isinstance(facts[name], bool):
                raise RunError(f"{self.path / 'run.json'} is damaged: expected {name} as int, received bool")
        self._check_facts(facts)
        if facts["format"] != FORMAT:
            raise RunError(
                f"{self.path} has format {facts['format']}, expected {FORMAT}: use the version of mtlite that made it"
            )
        return facts

    def _check_facts(self, facts: dict[str, Any]) -> None:
        """Refuse values that no training has written."""
        language = facts.get("target_language")
        right = {
            "source_vocabulary": 4 <= facts["source_vocabulary"] <= MAX_VOCABULARY,
            "target_vocabulary": 4 <= facts["target_vocabulary"] <= MAX_VOCABULARY,
            "target_language": language is None or (isinstance(language, str) and len(language) < 100),
            "tests": bool(facts["tests"])
            and all(isinstance(name, str) and TEST_SET_NAME.fullmatch(name) for name in facts["tests"]),
            "sides": all(isinstance(each, str) for pair in facts["sides"].items() for each in pair),
            "seconds": isinstance(facts.get("seconds", {}), dict),
            "threads": type(facts.get("threads", 1)) is int,
            "other_threads": isinstance(facts.get("other_threads", []), list)
            and all(type(count) is int for count in facts.get("other_threads", [])),
        }
        for name, is_right in right.items():
            if not is_right:
                raise RunError(f"{self.path / 'run.json'} is damaged: {name} is {str(facts.get(name))[:80]!r}")

    @classmethod
    def free_path(cls, recipe: str) -> Path:
        """`runs/RECIPE-N` with the smallest N that is not taken."""
        number = 1
        while (path := Path("runs") / f"{recipe}-{number}").exists():
            number += 1
        return path

    def refuse_existing(self) -> None:
        """Refuse a folder that already has something in it.

        Raises:
            UsageError: what to do instead.
        """
        names = self._names()
        if "run.json" in names:
            raise UsageError(f"{self.path} already holds a run: add --resume to go on with it, or give another --run")
        if names - {_LOCK}:
            raise UsageError(f"{self.path} is not empty: give a folder that is new or empty as --run")

    def refuse_foreign(self) -> None:
        """Refuse to go on in a folder that holds something else than a run, or the beginning of one.

        Raises:
            UsageError: what to do instead.
        """
        names = {name.removesuffix(".part") for name in self._names()}
        if "run.json" not in names and names - _BEFORE_RUN_JSON:
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

        Raises:
            RunError: if another process has it, or if the folder cannot be written to.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            # Whatever somebody has put in its place, a link or a pipe, is neither followed nor waited for.
            handle = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
        except OSError as error:
            raise RunError(f"cannot write into {self.path} ({error.strerror or error}): give another --run") from error
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise RunError(f"{self.path / _LOCK} is not a file: remove it")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RunError(
                    f"{self.path} is in use by another process: wait for it, or give another --run"
                ) from None
            try:
                yield
            finally:
                with contextlib.suppress(OSError, MtliteError):
                    if self._names() == {_LOCK}:
                        (self.path / _LOCK).unlink()
                        self.path.rmdir()

    def read_json(self, name: str) -> dict[str, Any]:
        """A JSON file of the run.

        Raises:
            RunError: if it is missing or not JSON.
        """
        try:
            content = json.loads((self.path / name).read_bytes())
        except FileNotFoundError:
            raise RunError(f"{self.path} has no {name}: the run is not finished; go on with --resume") from None
        except OSError as error:
            raise RunError(f"cannot read {self.path / name} ({error.strerror})") from None
        except (ValueError, RecursionError) as error:
            raise RunError(f"{self.path / name} is damaged ({error})") from None
        if not isinstance(content, dict):
            raise RunError(f"{self.path / name} is damaged: expected an object, received {type(content).__name__}")
        return content

    def write_json(self, name: str, content: dict[str, Any]) -> None:
        """Write a JSON file of the run, whole or not at all."""
        write_atomically(self.path / name, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())

    def checksum(self, name: str) -> str:
        """The sha256 of a file of the run.

        Raises:
            RunError: if it cannot be read.
        """
        try:
            return hashlib.sha256((self.path / name).read_bytes()).hexdigest()
        except OSError as error:
            raise RunError(
                f"cannot read {self.path / name} ({error.strerror}): the run directory is damaged: copy the file back, "
                "or train anew"
            ) from None

    def write_config(self, name: str, config: dict[str, Any]) -> None:
        """Write a configuration as YAML."""
        write_atomically(self.path / name, yaml.safe_dump(config, sort_keys=False, allow_unicode=True).encode())

    def config(self) -> Config:
        """The configuration that the run was trained with, nothing left open.

        Raises:
            RunError: if it is missing or damaged.
        """
        from mtlite.config.recipe import read_config

        path = self.path / "resolved.yaml"
        if not path.is_file():
            raise RunError(f"{path} is missing: the run directory is damaged: copy the file back, or train anew")
        try:
            return read_config(path)
        except UsageError as error:
            raise RunError(f"the run directory is damaged: {error}") from None

    @property
    def finished(self) -> bool:
        """Whether the run has its final scores."""
        return (self.path / "result.json").is_file()

    def write_side(self, name: str, lines: list[str]) -> str:
        """Write the raw lines of one side of a dev or test set into `data/`.

        Returns:
            The sha256 of the file.

        Raises:
            DataError: if a sentence holds a line break, so that lines would no longer stand side by side.
        """
        for number, line in enumerate(lines, 1):
            if "\n" in line:
                raise DataError(
                    f"{name}: sentence {number} holds a line break: a dev or test sentence must be one line"
                )
        content = "".join(line + "\n" for line in lines).encode()
        path = self.path / "data" / _plain(name)
        try:
            path.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise RunError(f"cannot make {path.parent} ({error.strerror})") from error
        write_atomically(path, content)
        return hashlib.sha256(content).hexdigest()

    def read_side(self, name: str) -> list[str]:
        """What `write_side` wrote.

        Raises:
            RunError: if it is missing or was altered.
        """
        path = self.path / "data" / _plain(name)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise RunError(f"cannot read {path} ({error.strerror}): the run is damaged") from None
        if hashlib.sha256(content).hexdigest() != self.facts()["sides"].get(name):
            raise RunError(f"{path} was altered: its checksum is not the one in run.json")
        return content.decode().split("\n")[:-1]

    def write_lines(self, name: str, lines: list[str]) -> None:
        """Write hypotheses, a line each."""
        write_atomically(self.path / _plain(name), "".join(line + "\n" for line in lines).encode())


def _plain(name: str) -> str:
    """The name of a file, which must not lead out of its folder."""
    if name != os.path.basename(name) or "\0" in name:
        raise RunError(f"expected the name of a test set without folders, received {name!r}")
    return name
