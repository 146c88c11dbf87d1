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

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from mtlite.config import Config
from mtlite.errors import DataError, RunError, UsageError
from mtlite.files import write_atomically

_FORMAT = 1


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
            RunError: if there is no run at that place.
        """
        run = cls(Path(path))
        if not run.path.is_dir():
            raise RunError(f"run directory {path} not found: give a folder made by mtlite train")
        if not (run.path / "run.json").is_file():
            raise RunError(f"{path} is not a run directory (no run.json in it): give a folder made by mtlite train")
        return run

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
        if self.path.exists() and not self.path.is_dir():
            raise UsageError(f"--run {self.path} is a file: give a folder that is new or empty")
        if (self.path / "run.json").exists():
            raise UsageError(f"{self.path} already holds a run: add --resume to go on with it, or give another --run")
        if self.path.is_dir() and any(self.path.iterdir()):
            raise UsageError(f"{self.path} is not empty: give a folder that is new or empty as --run")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from writing into the run; the lock ends with this process, however that ends.

        Raises:
            RunError: if another process has it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with open(self.path / ".lock", "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RunError(
                    f"{self.path} is in use by another process: wait for it, or give another --run"
                ) from None
            yield

    def read_json(self, name: str) -> dict[str, Any]:
        """A JSON file of the run.

        Raises:
            RunError: if it is missing or not JSON.
        """
        try:
            content = json.loads((self.path / name).read_bytes())
        except FileNotFoundError:
            raise RunError(f"{self.path} has no {name}: the run is not finished; go on with --resume") from None
        except (ValueError, RecursionError) as error:
            raise RunError(f"{self.path / name} is damaged ({error})") from None
        if not isinstance(content, dict):
            raise RunError(f"{self.path / name} is damaged: expected an object")
        return content

    def write_json(self, name: str, content: dict[str, Any]) -> None:
        """Write a JSON file of the run, whole or not at all."""
        write_atomically(self.path / name, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())

    def write_config(self, name: str, config: dict[str, Any]) -> None:
        """Write a configuration as YAML."""
        write_atomically(self.path / name, yaml.safe_dump(config, sort_keys=False, allow_unicode=True).encode())

    def config(self) -> Config:
        """The configuration that the run was trained with, nothing left open."""
        from mtlite.recipe import read_config

        return read_config(self.path / "resolved.yaml")

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
        (self.path / "data").mkdir(exist_ok=True)
        write_atomically(self.path / "data" / name, content)
        return hashlib.sha256(content).hexdigest()

    def read_side(self, name: str) -> list[str]:
        """What `write_side` wrote."""
        path = self.path / "data" / name
        if not path.is_file():
            raise RunError(f"{self.path} has no data/{name}: the run is damaged")
        return path.read_bytes().decode().split("\n")[:-1]

    def write_lines(self, name: str, lines: list[str]) -> None:
        """Write hypotheses, a line each."""
        write_atomically(self.path / name, "".join(line + "\n" for line in lines).encode())


class Metrics:
    """`metrics.jsonl`: one object a line, appended whole and flushed to disk.

    Args:
        path: the file.
        from_update: lines of later updates, and a last line that was cut off, are removed: training repeats them.
    """

    def __init__(self, path: Path, from_update: int) -> None:
        kept = []
        if path.exists():
            for line in path.read_bytes().split(b"\n")[:-1]:
                if json.loads(line)["update"] <= from_update:
                    kept.append(line + b"\n")
            write_atomically(path, b"".join(kept))
        self.last: dict[str, Any] = json.loads(kept[-1]) if kept else {}
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, **values: Any) -> None:
        """Append one line."""
        os.write(self._file, (json.dumps(values) + "\n").encode())

    def flush(self) -> None:
        """Wait until all lines are on disk."""
        os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """All whole lines of a `metrics.jsonl`."""
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
