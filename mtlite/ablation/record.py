"""Finished cells as lines of JSON: a record can be kept beside its recipe, carried to another machine, and reported.

The first line says what all cells share (`"kind": "experiment"`, with the raw test sets), and so does a line of every
later start that asks for other topologies or seeds; each further line is one finished cell. Lines are only ever
appended, whole; one that a crash cut off is ignored. Two records of the same ablation can be put together with `cat`.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mtlite.ablation.experiment import differences, fingerprint
from mtlite.comparison.outcome import Outcome, checked_outcome
from mtlite.errors import RunError, UsageError
from mtlite.limits import MAX_LINES_BYTES

_HEADER = {
    "shared": dict, "name": str, "recipe": dict, "ablation": dict, "pair": list, "tests": list, "sides": dict,
    "frequencies": str,
}  # fmt: skip


def together(ablations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The section `ablation` with every topology, seed and point of the grid that one of several starts asked for."""
    first, *others = (dict(each) for each in ablations)
    for other in others:
        for name in ("topologies", "seeds"):
            first[name] = [*first[name], *(value for value in other[name] if value not in first[name])]
        first["grid"] = {
            option: [*values, *(value for value in other["grid"].get(option, []) if value not in values)]
            for option, values in first["grid"].items()
        }
    return first


class Record:
    """A file of finished cells.

    Args:
        path: new or old.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def header(self) -> dict[str, Any] | None:
        """What the cells share, with the topologies, seeds and points of all starts; None if there is no file yet.

        Raises:
            RunError: if the file is no record.
        """
        found = list(self._headers())
        if not found and self.path.exists() and self.path.stat().st_size:
            raise RunError(f"{self.path} is not a record of mtlite ablate: expected a line that states the experiment")
        return {**found[0], "ablation": together([each["ablation"] for each in found])} if found else None

    def _headers(self) -> Iterator[dict[str, Any]]:
        for line in self._lines():
            if line["kind"] == "experiment":
                if not all(isinstance(line.get(name), kind) for name, kind in _HEADER.items()):
                    raise RunError(f"{self.path} is damaged: expected {', '.join(_HEADER)} in its first line")
                if line["experiment"] != fingerprint(line["shared"]):
                    raise RunError(f"{self.path} was altered: its checksum is not that of what the cells share")
                yield line

    def outcomes(self, expected: dict[str, Any]) -> dict[str, Outcome]:
        """By name, the finished cells.

        Args:
            expected: the header of the ablation that they are to belong to.

        Raises:
            UsageError: if they belong to another one.
        """
        self.header()
        found: dict[str, Outcome] = {}
        for line in self._lines():
            if line["experiment"] != expected["experiment"]:
                shared = line.get("shared")
                what = differences(expected["shared"], shared) if isinstance(shared, dict) else "its cells"
                raise UsageError(f"{self.path} records another ablation; different are {what}: give another --record")
            if line["kind"] == "cell":
                cell = line.get("cell")
                if not isinstance(cell, str):
                    raise RunError(f"{self.path} is damaged: a cell has no name")
                found.setdefault(cell, checked_outcome(line.get("outcome"), f"{self.path}, cell {cell}"))
        return found

    def write_header(self, header: dict[str, Any]) -> None:
        """State what the cells share, and which of them this start is about; once."""
        if all(each["ablation"] != header["ablation"] for each in self._headers()):
            self._append({"kind": "experiment", **header})

    def append(self, experiment: str, cell: str, outcome: Outcome) -> None:
        """Add a finished cell."""
        self._append({"kind": "cell", "experiment": experiment, "cell": cell, "outcome": dict(outcome.values)})

    def _append(self, line: dict[str, Any]) -> None:
        """Add a line, whole or not at all.

        Raises:
            RunError: if it cannot be written.
        """
        content = (json.dumps(line, ensure_ascii=False) + "\n").encode()
        try:
            with open(self.path, "ab+", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                size = file.seek(0, os.SEEK_END)
                if size:
                    file.seek(size - 1)
                    content = content if file.read(1) == b"\n" else b"\n" + content
                if (file.write(content) or 0) < len(content):
                    os.ftruncate(file.fileno(), size)
                    raise OSError("no space left on the disk")
                os.fsync(file.fileno())
        except OSError as error:
            raise RunError(f"cannot write --record {self.path} ({error.strerror or error})") from None

    def _lines(self) -> Iterator[dict[str, Any]]:
        """The lines that are whole."""
        try:
            if self.path.exists() and not self.path.is_file():
                raise RunError(f"--record {self.path} is not a file: give a file that mtlite ablate has written")
            if self.path.exists() and self.path.stat().st_size > MAX_LINES_BYTES:
                raise RunError(f"--record {self.path}: expected at most {MAX_LINES_BYTES:,} bytes")
            content = self.path.read_bytes() if self.path.exists() else b""
        except OSError as error:
            raise RunError(f"cannot read --record {self.path} ({error.strerror})") from None
        for line in content.split(b"\n"):
            try:
                values = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(values, dict) and "kind" in values and "experiment" in values:
                yield values
