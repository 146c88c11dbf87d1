"""A folder made by `save_to_disk`, before `datasets` opens it: it may come from a stranger.

Raises DataError for what `save_to_disk` does not write: links out of the folder, pipes and devices, parts that lie
elsewhere, compressed tables, which a few bytes could make larger than any memory.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from mtlite.config.read import parse_json, shown
from mtlite.errors import DataError
from mtlite.limits import MAX_SMALL_FILE_BYTES, read_file

_DICTIONARY, _RECORD = 2, 3  # kinds of messages in an Arrow file that hold data
_FACTS: dict[str, tuple[type, ...]] = {
    "_data_files": (list,),
    "_fingerprint": (str,),
    "_format_columns": (list, type(None)),
    "_format_kwargs": (dict,),
    "_format_type": (str, type(None)),
    "_output_all_columns": (bool,),
    "_split": (str, type(None)),
}
"""What `save_to_disk` writes of a table: `datasets` prints whatever else stands there."""


def check_saved_folder(folder: Path) -> None:
    """Refuse a folder that `save_to_disk` has not made, file by file."""
    home = folder.resolve()
    for place, folders, names in os.walk(folder):
        for path in (Path(place) / name for name in [*folders, *names]):
            target = Path(os.path.realpath(path))
            if not target.is_relative_to(home):
                raise DataError(f"{path} is a link out of the folder, to {target}: put the file itself there")
            if not (path.is_file() or path.is_dir()):
                raise DataError(f"{path} is no file: expected a folder made by save_to_disk")
            if path.suffix == ".json":
                _check_facts(path)
            elif path.suffix == ".arrow":
                _check_table(path)


def _check_facts(path: Path) -> None:
    try:
        facts = parse_json(read_file(path, MAX_SMALL_FILE_BYTES), f"{path} is damaged", DataError)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}): save the data set again") from None
    if not isinstance(facts, dict):
        raise DataError(f"{path}: expected names and values, received {shown(facts)}: save the data set again")
    for fact in _FACTS.keys() & facts.keys():
        if not isinstance(facts[fact], _FACTS[fact]):
            raise DataError(f"{path}: {fact} cannot be {shown(facts[fact])}: save the data set again")
    if not all(isinstance(column, str) for column in facts.get("_format_columns") or ()):
        raise DataError(f"{path}: expected names of columns in _format_columns: save the data set again")
    for part in facts.get("_data_files", ()):
        name = part.get("filename") if isinstance(part, dict) else None
        if isinstance(name, str) and Path(name).name != name:
            raise DataError(f"{path}: expected parts in the same folder, received {shown(name)}")


def _check_table(path: Path) -> None:
    try:
        with pa.memory_map(str(path)) as content:
            for message in pa.ipc.MessageReader.open_stream(content):
                if _is_compressed(message.metadata.to_pybytes()):
                    raise DataError(f"{path} is compressed: save the data set again with save_to_disk")
            content.seek(0)
            for batch in pa.ipc.open_stream(content):
                batch.validate(full=True)  # whoever casts what does not hold together ends with the process
    except (pa.ArrowException, OSError, struct.error) as error:
        raise DataError(f"{path} is damaged ({' '.join(str(error).split())[:200]}): save the data set again") from None


def _is_compressed(message: bytes) -> bool:
    """Whether the buffers of a message are compressed (Message.fbs in the format of Apache Arrow)."""
    table = _Table(message, struct.unpack_from("<I", message)[0])
    kind = table.field(1)
    if kind is None or message[kind] not in (_DICTIONARY, _RECORD):
        return False
    batch = table.table(2)
    if message[kind] == _DICTIONARY and batch:
        batch = batch.table(1)
    return batch is not None and batch.field(3) is not None


@dataclass
class _Table:
    """A table of FlatBuffers, at a place in some bytes."""

    content: bytes
    at: int

    def field(self, number: int) -> int | None:
        """Where a field stands; None if it is left out."""
        places = self.at - self._read("<i", self.at)
        if 4 + 2 * number >= self._read("<H", places):
            return None
        offset = self._read("<H", places + 4 + 2 * number)
        return self.at + offset if offset else None

    def table(self, number: int) -> _Table | None:
        """The table in a field."""
        place = self.field(number)
        return None if place is None else _Table(self.content, place + self._read("<I", place))

    def _read(self, kind: str, at: int) -> Any:
        return struct.unpack_from(kind, self.content, at)[0]
