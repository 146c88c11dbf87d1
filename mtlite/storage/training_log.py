"""The training log: a line per validation and per report of progress, appended whole."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from mtlite.config.read import Count, parse_json, read_as
from mtlite.errors import RunError
from mtlite.limits import MAX_LOG_BYTES, read_file
from mtlite.storage.files import append, write_atomically


@dataclass(frozen=True, kw_only=True)
class Validated:
    """A validation; `best` so far, after so many `seconds` of training, those before a resumption included."""

    kind: Literal["validation"] = "validation"
    update: Count
    dev_loss: float
    dev_bleu: float
    best: bool
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Reported:
    """The updates since the report before."""

    kind: Literal["training"] = "training"
    update: Count
    loss: float  # −log p per target token
    learning_rate: float
    gradient_norm: float
    share: float | None = None  # of a budget of seconds that is used
    epoch: Count
    tokens: Count  # of source and target
    seconds: float  # as in `Validated`
    tokens_per_second: float


Line = Validated | Reported


class TrainingLog:
    """Appends to a training log; lines of updates that training repeats, and lines that are not whole, are removed."""

    def __init__(self, path: Path, from_update: int) -> None:
        self.path = path
        kept = [line for line in _lines(path) if line.update <= from_update] if path.exists() else []
        write_atomically(path, "".join(map(_text, kept)).encode())
        self.seconds = kept[-1].seconds if kept else 0.0
        self._size = path.stat().st_size
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)

    def write(self, line: Line) -> None:
        """Append one line, or nothing of it."""
        content = _text(line).encode()
        try:
            append(self._file, content, self._size)
        except OSError as error:
            raise self._failed(error) from error
        self._size += len(content)

    def flush(self) -> None:
        """Wait until all lines are on disk."""
        try:
            os.fsync(self._file)
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _failed(self, error: OSError) -> RunError:
        return RunError(
            f"cannot write {self.path} ({error.strerror or error}): make room, then go on with "
            f"mtlite train --run {self.path.parent} --resume"
        )


class NoLog(TrainingLog):
    """Takes lines and keeps none: the chief of several workers writes the log."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def write(self, line: Line) -> None:
        pass

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def _text(line: Line) -> str:
    return json.dumps({name: value for name, value in asdict(line).items() if value is not None}) + "\n"


def _lines(path: Path) -> Iterator[Line]:
    """The lines that were written to their end; a crash of the machine can leave others."""
    for text in read_file(path, MAX_LOG_BYTES).split(b"\n")[:-1]:
        with contextlib.suppress(RunError):
            values = parse_json(text, str(path), RunError)
            validation = isinstance(values, dict) and values.get("kind") == "validation"
            yield read_as(Validated if validation else Reported, values, str(path), error=RunError)  # type: ignore[misc]


def read_training_log(path: Path) -> list[Line]:
    """Read all whole lines of a training log."""
    try:
        return list(_lines(path))
    except OSError as error:
        raise RunError(f"cannot read {path} ({error.strerror}): give a folder made by mtlite train") from None
