"""One reader for each format, from a path to pairs.

Every format is read here by the byte-wise line reader and the standard library, not by the readers of `datasets`: those
turn the sentences `NA` and `null` into missing values, `007` into 7 and `2026-11-23` into a date, and drop blank lines.

A file that cannot be read as it is raises a `DataError`, a column that is not there a `UsageError`.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mtlite.config.options import DataConfig
from mtlite.data.lines import read_ended_lines, read_lines, split_line_end
from mtlite.errors import DataError, UsageError
from mtlite.limits import MAX_LINE_BYTES

Pair = tuple[str, str]

_BATCH_SIZE = 1000


@dataclass(frozen=True)
class Columns:
    """The names that the column of each side may have; the first that exists counts."""

    source: tuple[str, ...]
    target: tuple[str, ...]

    @classmethod
    def of(cls, config: DataConfig, source_language: str | None, target_language: str | None) -> Columns:
        source = [config.source_column] if config.source_column else [source_language, "source"]
        target = [config.target_column] if config.target_column else [target_language, "target"]
        return cls(tuple(filter(None, source)), tuple(filter(None, target)))

    def choose(self, available: Sequence[str], where: str) -> Pair:
        """Choose the column of the source and that of the target."""
        chosen = []
        for side, names in (("source", self.source), ("target", self.target)):
            name = next((name for name in names if name in available), None)
            if name is None:
                problem = f"no column {' or '.join(names)} for the {side}; available: {', '.join(available)}"
                raise UsageError(f"{where}: {problem}; give data.{side}_language or data.{side}_column")
            if list(available).count(name) > 1:
                raise UsageError(f"{where}: more than one column {name}; give data.{side}_column, or rename one")
            chosen.append(name)
        if chosen[0] == chosen[1]:
            raise UsageError(f"{where}: source and target are both in column {chosen[0]}; give two columns")
        return chosen[0], chosen[1]


def read_parallel_text(source: str, target: str) -> Iterator[Pair]:
    """Read pairs from two text files with the same number of lines."""
    pairs = itertools.zip_longest(read_lines(Path(source)), read_lines(Path(target)))
    for number, pair in enumerate(pairs, start=1):
        if None in pair:
            longer = number + sum(1 for _ in pairs)
            counts = [number - 1 if line is None else longer for line in pair]
            problem = f"{source} has {counts[0]:,} lines, but {target} has {counts[1]:,}"
            raise DataError(f"{problem}; line n of one must be the translation of line n of the other")
        yield pair


def read_tsv(path: str, columns: Columns) -> Iterator[Pair]:
    """Read pairs from lines with one tab: no header, no quoting, no column names."""
    for number, line in enumerate(read_lines(Path(path)), start=1):
        sides = line.split("\t")
        if len(sides) != 2:
            raise DataError(f"{path}, line {number}: expected source, tab, target; received {len(sides)} column(s)")
        yield sides[0], sides[1]


def read_csv(path: str, columns: Columns) -> Iterator[Pair]:
    """Read pairs from comma-separated values with a header."""
    # The csv module takes a lone carriage return for the end of a row. While it parses, a surrogate stands for it,
    # which cannot occur in text decoded from UTF-8.
    stand_in = "\ud80d"
    lines = map(split_line_end, read_ended_lines(Path(path)))
    csv.field_size_limit(MAX_LINE_BYTES)
    rows = csv.reader((text.replace("\r", stand_in) + end for text, end in lines), strict=True)
    try:
        header = next(rows, None)
        if header is None:
            return
        source, target = (header.index(name) for name in columns.choose(header, path))
        for row in rows:
            if len(row) != len(header):
                where = f"{path}, line {rows.line_num}"
                raise DataError(f"{where}: expected {len(header)} columns as in the header, received {len(row)}")
            yield row[source].replace(stand_in, "\r"), row[target].replace(stand_in, "\r")
    except csv.Error as error:
        raise DataError(f"{path}, line {rows.line_num}: not a row of comma-separated values: {error}") from error


def read_jsonl(path: str, columns: Columns) -> Iterator[Pair]:
    """Read pairs from lines with one JSON object each: {"de": …, "en": …} or {"translation": {"de": …, "en": …}}."""
    chosen = None
    for number, line in enumerate(read_lines(Path(path)), start=1):
        where = f"{path}, line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{where}: not JSON: {error}") from error
        if isinstance(row, dict) and isinstance(row.get("translation"), dict):
            row = row["translation"]
        if not isinstance(row, dict):
            raise DataError(f'{where}: expected an object such as {{"source": "…", "target": "…"}}')
        chosen = chosen or columns.choose(list(row), where)
        for name in chosen:
            if not isinstance(row.get(name), str):
                received = "nothing" if row.get(name) is None else f"a value of type {type(row[name]).__name__}"
                raise DataError(f"{where}: expected a string as {name!r}, received {received}")
            try:
                row[name].encode("utf-8")
            except UnicodeEncodeError as error:
                raise DataError(f"{where}: {name!r} holds half a character (a lone surrogate escape)") from error
        yield row[chosen[0]], row[chosen[1]]


def read_parquet(path: str, columns: Columns) -> Iterator[Pair]:
    """Read pairs from a Parquet file with two string columns or a struct column `translation`."""
    try:
        with open(path, "rb") as content, pq.ParquetFile(content) as file:
            schema = file.schema_arrow
            nested = "translation" in schema.names and pa.types.is_struct(schema.field("translation").type)
            available = [field.name for field in schema.field("translation").type] if nested else schema.names
            chosen = columns.choose(available, path)
            row = 0
            for batch in file.iter_batches(_BATCH_SIZE, columns=["translation"] if nested else list(chosen)):
                sides = []
                for name in chosen:
                    side = pc.struct_field(batch["translation"], name) if nested else batch[name]
                    if pa.types.is_dictionary(side.type):
                        side = side.dictionary_decode()
                    check_sentences(side, f"{path}, column {name}", row)
                    sides.append(side.to_pylist())
                yield from zip(*sides, strict=True)
                row += len(batch)
    except (pa.ArrowException, OSError, ValueError) as error:  # ValueError: a column name that is not UTF-8
        raise DataError(f"{path}: not a readable Parquet file: {first_line(error)}") from error


def check_sentences(sentences: pa.Array, where: str, rows_before: int) -> None:
    """Refuse an Arrow array that holds anything but sentences: no strings, nothing (null), no UTF-8, endless ones."""
    if not (pa.types.is_string(sentences.type) or pa.types.is_large_string(sentences.type)):
        raise DataError(f"{where}: expected strings, received {sentences.type}")
    if sentences.null_count:
        row = rows_before + pc.index(sentences.is_null(), True).as_py() + 1
        raise DataError(f"{where}, row {row}: expected a string, received nothing (null)")
    try:
        sentences.validate(full=True)
    except pa.ArrowInvalid as error:
        raise DataError(f"{where}, after row {rows_before}: {first_line(error)}") from error
    if len(sentences) and pc.max(pc.binary_length(sentences)).as_py() > MAX_LINE_BYTES:
        raise DataError(f"{where}, after row {rows_before}: a sentence longer than {MAX_LINE_BYTES:,} bytes")


Reader = Callable[[str, Columns], Iterator[Pair]]
PAIR_READERS: dict[str, Reader] = {".tsv": read_tsv, ".csv": read_csv, ".jsonl": read_jsonl, ".parquet": read_parquet}


def first_line(error: BaseException) -> str:
    """Return what an error of another library says, in one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
