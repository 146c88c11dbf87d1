"""Finished cells in one file: a record can be kept beside its recipe, carried to another machine, and reported.

It is JSON, one line a cell, compressed as `xz` does (`xzcat RECORD` shows it). A line before the cells says what they
share, with the raw test sets; a later start that asks for other topologies or seeds adds another one. Each line is
compressed by itself and appended; one that a crash has cut off is left out. When an ablation ends, all lines are
compressed together, which makes the file smaller by a third. `cat` puts two records of the same ablation together.
"""

from __future__ import annotations

import json
import lzma
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mtlite.ablation.header import Header, differences, joined
from mtlite.comparison.outcome import Outcome
from mtlite.config.read import parse_json, plain, read_as
from mtlite.errors import RunError, UsageError
from mtlite.limits import MAX_DECOMPRESSOR_BYTES, MAX_RECORD_BYTES, most_expanded, read_file
from mtlite.notices import notice
from mtlite.storage.files import append, write_atomically
from mtlite.storage.locks import Lock

_MAGIC = b"\xfd7zXZ\0"  # every xz stream begins so
_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class CellLine:
    """A finished cell."""

    kind: Literal["cell"] = "cell"
    experiment: str  # checksum of what the cells share
    cell: str
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class HeaderLine:
    """What the cells share."""

    kind: Literal["header"] = "header"
    header: Header


class Record:
    """A file of finished cells, new or old. What is in it is read when it is opened."""

    def __init__(self, path: Path) -> None:
        if not path.parent.is_dir():
            raise UsageError(f"--record {path}: there is no folder {path.parent}")
        self.path = path
        self.headers: list[Header] = []
        self._outcomes: dict[str, Outcome] = {}
        self._experiments: dict[str, None] = {}  # in their order
        self._appended = False
        content = self._read()[0]
        start = number = 0
        while start < len(content):  # one after another: a list of all would need the memory twice
            end = content.find(b"\n", start) % (len(content) + 1)  # of the last line, −1: the end of all
            number += 1
            self._take(bytes(content[start:end]), number)
            start = end + 1
        if content and not self.headers:
            raise RunError(f"{path} is not a record of mtlite ablate: expected a line that states the experiment")

    def _take(self, text: bytes, number: int) -> None:
        origin = f"{self.path}, line {number}, is damaged"
        values = parse_json(text, origin, RunError)
        if isinstance(values, dict) and values.get("kind") == "header":
            header = read_as(HeaderLine, values, origin, error=RunError).header
            self.headers.append(header)
            self._experiments[header.experiment] = None
        else:
            cell = read_as(CellLine, values, origin, error=RunError)
            self._outcomes.setdefault(cell.cell, cell.outcome)
            self._experiments[cell.experiment] = None

    @property
    def header(self) -> Header | None:
        """What the cells share, with the topologies, seeds and grids of all starts; None if nothing is recorded yet."""
        return joined(self.headers) if self.headers else None

    def outcomes(self, expected: Header) -> dict[str, Outcome]:
        """By name, the finished cells; raise UsageError if they do not belong to the ablation of `expected`."""
        for experiment in self._experiments:
            if experiment != expected.experiment:
                shared = [header.shared for header in self.headers if header.experiment == experiment]
                what = differences(expected.shared, shared[0]) if shared else "its cells"
                raise UsageError(f"{self.path} records another ablation; different are {what}: give another --record")
        return dict(self._outcomes)

    def add_header(self, header: Header) -> None:
        """State what the cells share, and which of them this start is about; once."""
        if all(each.ablation != header.ablation for each in self.headers):
            self._append(HeaderLine(header=header))
            self.headers.append(header)

    def add(self, header: Header, cell: str, outcome: Outcome) -> None:
        """Add a finished cell."""
        self._append(CellLine(experiment=header.experiment, cell=cell, outcome=outcome))

    def compress(self) -> None:
        """Compress all lines together, if some were appended."""
        if self._appended:
            with self._locked():
                write_atomically(self.path, lzma.compress(self._read()[0]))

    def _append(self, line: CellLine | HeaderLine) -> None:
        """Add a line, whole or not at all."""
        content = lzma.compress(json.dumps(plain(line), ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        try:
            with self._locked(), open(self.path, "ab", buffering=0) as file:
                whole = self._read()[1]
                file.truncate(whole)  # what a crash has left behind it
                try:
                    append(file.fileno(), content, whole)
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(whole)
                    raise
        except OSError as error:
            raise RunError(f"cannot write --record {self.path} ({error.strerror or error})") from None
        self._appended = True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other processes from writing, by a file beside the record that is removed afterwards."""
        lock = Lock(self.path.with_name(f"{self.path.name}.lock"))
        lock.acquire(math.inf, lambda holder: notice(f"--record {self.path}: waiting for {holder}, which writes it"))
        try:
            yield
        finally:
            lock.release(remove=True)

    def _read(self) -> tuple[bytearray, int]:
        """All whole lines, and how many bytes of the file they take; raise RunError if it is no record."""
        try:
            compressed = read_file(self.path, MAX_RECORD_BYTES)
        except FileNotFoundError:
            return bytearray(), 0
        except OSError as error:
            expected = "give a file that mtlite ablate has written"
            raise RunError(f"cannot read --record {self.path} ({error.strerror}): {expected}") from None
        if compressed.startswith(b"{"):
            raise RunError(
                f"--record {self.path} is not compressed: it is of an earlier version of mtlite: use that version for "
                "its report, or give another --record and train again"
            )
        if not _MAGIC.startswith(compressed[: len(_MAGIC)]):
            raise RunError(f"--record {self.path} is no record of mtlite ablate: give another file")
        try:
            return _expand(compressed)
        except lzma.LZMAError as error:
            raise RunError(f"--record {self.path} is damaged ({error})") from None


def _expand(compressed: bytes) -> tuple[bytearray, int]:
    """What xz streams hold that follow each other, and where the last whole one ends.

    Raise LZMAError if they are damaged, or expand as no record does.
    """
    compressed = compressed.rstrip(b"\0")  # what a crash can leave; no stream ends so
    most = min(MAX_RECORD_BYTES, most_expanded(len(compressed)))
    content, at = bytearray(), 0
    while at < len(compressed):
        stream, start, before = lzma.LZMADecompressor(lzma.FORMAT_XZ, MAX_DECOMPRESSOR_BYTES), at, len(content)
        while at < len(compressed) and not stream.eof:
            chunk = compressed[at : at + _CHUNK]
            content += stream.decompress(chunk, most - len(content) + 1)
            at += len(chunk) - len(stream.unused_data)
            if len(content) > most:
                raise lzma.LZMAError(f"it expands to more than {most:,} bytes")
        if not stream.eof:
            del content[before:]
            return content, start
    return content, at
