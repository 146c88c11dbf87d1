"""What a training says of itself while it runs: a line per validation and per report of progress."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mtlite.errors import RunError
from mtlite.storage.files import write_atomically


class Metrics:
    """`metrics.jsonl`: one object a line, appended whole.

    Args:
        path: the file.
        from_update: lines of later updates, and lines that are not whole, are removed: training repeats them.

    Raises:
        RunError: if it cannot be read or written.
    """

    def __init__(self, path: Path, from_update: int) -> None:
        self.path = path
        kept = [line for line in _whole_lines(path) if line["update"] <= from_update] if path.exists() else []
        write_atomically(path, "".join(map(_as_line, kept)).encode())
        self.last: dict[str, Any] = kept[-1] if kept else {}
        self._size = path.stat().st_size
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)

    def write(self, **values: Any) -> None:
        """Append one line, or nothing of it.

        Raises:
            RunError: if there is no space left.
        """
        line = _as_line(values).encode()
        try:
            if os.write(self._file, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise self._failed(error) from error
        self._size += len(line)

    def flush(self) -> None:
        """Wait until all lines are on disk."""
        try:
            os.fsync(self._file)
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        os.close(self._file)

    def _failed(self, error: OSError) -> RunError:
        return RunError(
            f"cannot write {self.path} ({error.strerror or error}): make room, then go on with "
            f"mtlite train --run {self.path.parent} --resume"
        )


def _as_line(values: dict[str, Any]) -> str:
    return json.dumps(values) + "\n"


def _whole_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines that were written to their end; a crash of the machine can leave others."""
    for line in path.read_bytes().split(b"\n")[:-1]:
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(values, dict) and _is_metric(values):
            yield values


def _is_metric(values: dict[str, Any]) -> bool:
    """Whether this can be a line that `Metrics` has written: whole numbers and finite ones, where there have to be."""
    needed = ("seconds", "dev_loss", "dev_bleu") if values.get("kind") == "validation" else ()
    numbers = [values[name] for name in ("seconds", "share", "dev_loss", "dev_bleu") if name in values]
    update = values.get("update")
    return (
        type(update) is int
        and 0 <= update < 2**31
        and all(name in values for name in needed)
        and all(type(number) in (int, float) and math.isfinite(number) for number in numbers)
    )


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """All whole lines of a `metrics.jsonl`.

    Raises:
        RunError: if it is missing.
    """
    try:
        return list(_whole_lines(path))
    except OSError as error:
        raise RunError(f"cannot read {path} ({error.strerror}): give a folder made by mtlite train") from None
