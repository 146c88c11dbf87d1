"""One reader for each format, from a path to pairs.

Every format is read here by the byte-wise line reader and the standard library, not by the readers of `datasets`: those
turn the sentences `NA` and `null` into missing values, `007` into 7 and `2026-11-23` into a date, and drop blank lines.

A file that cannot be read as it is raises a `DataError`, a column that is not there a `UsageError`.
"""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mtlite.config.read import parse_json
from mtlite.data.columns import Columns
from mtlite.data.layout import Layout, csv_layout, read_rows, tab_layout
from mtlite.data.lines import drop_blank_end, read_lines
from mtlite.data.parquet_pages import pages
from mtlite.errors import DataError
from mtlite.limits import (
    MAX_BATCH_BYTES,
    MAX_EXPANSION,
    MAX_LINE_BYTES,
    MAX_PAGE_BYTES,
    most_expanded,
    open_file,
)

Pair = tuple[str, str]
PairWithGaps = tuple[str | None, str | None]
"""A pair of which a side may be missing (null)."""
_STRINGS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)

_BATCH_SIZE = 1000


def read_parallel_text(source: str, target: str) -> Iterator[Pair]:
    """Read pairs from two text files with the same number of lines; one may have blank lines besides at its end."""
    pairs = itertools.zip_longest(read_lines(Path(source)), read_lines(Path(target)))
    for number, pair in enumerate(pairs, start=1):
        if None in pair:
            blank, longer = True, number - 1
            for each in itertools.chain([pair], pairs):
                blank, longer = blank and not any(line and line.strip() for line in each), longer + 1
            if blank:
                return
            counts = [number - 1 if line is None else longer for line in pair]
            problem = f"{source} has {counts[0]:,} lines, but {target} has {counts[1]:,}"
            raise DataError(f"{problem}; line n of one must be the translation of line n of the other")
        yield pair


def read_tabs(path: str, columns: Columns) -> Iterator[Pair]:
    """Read pairs from lines with tabs, whose layout is recognised; a quotation mark is one like any other."""
    layout = tab_layout(path, columns)
    yield from read_rows(path, layout) if layout else ()


def read_csv(path: str, columns: Columns) -> Iterator[Pair]:
    """Read pairs from comma-separated values with a header, or from values parted otherwise."""
    layout = csv_layout(path, columns)
    yield from read_rows(path, layout) if layout else ()


def read_jsonl(path: str, columns: Columns) -> Iterator[PairWithGaps]:
    """Read pairs from lines with one JSON object each: {"de": …, "en": …} or {"translation": {"de": …, "en": …}}."""
    chosen = None
    for number, line in enumerate(drop_blank_end(read_lines(Path(path))), start=1):
        where = f"{path}, line {number}"
        array = "; of an array, jq -c '.[]' makes such lines" if line.lstrip().startswith("[") else ""
        row = parse_json(line, f"{where}: not JSON{array}", DataError)
        if isinstance(row, dict) and isinstance(row.get("translation"), dict):
            row = row["translation"]
        if not isinstance(row, dict):
            raise DataError(f'{where}: expected an object such as {{"source": "…", "target": "…"}}{array}')
        chosen = chosen or columns.choose(list(row), where)
        for name in chosen:
            _check_value(row, name, where)
        yield row[chosen[0]], row[chosen[1]]


def _check_value(row: dict[str, Any], name: str, where: str) -> None:
    """Refuse what is neither a sentence nor null."""
    if name not in row:
        raise DataError(f"{where}: expected a string as {name!r}, received nothing")
    if row[name] is None:
        return
    if not isinstance(row[name], str):
        raise DataError(f"{where}: expected a string as {name!r}, received a value of type {type(row[name]).__name__}")
    try:
        row[name].encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(f"{where}: {name!r} holds half a character (a lone surrogate escape)") from error


def read_parquet(path: str, columns: Columns) -> Iterator[PairWithGaps]:
    """Read pairs from a Parquet file with two string columns or a struct column `translation`."""
    try:
        with open_file(path) as content, pq.ParquetFile(content) as file:
            schema = file.schema_arrow
            nested = "translation" in schema.names and pa.types.is_struct(schema.field("translation").type)
            available = [field.name for field in schema.field("translation").type] if nested else schema.names
            chosen = columns.choose(available, path)
            read = ["translation"] if nested else list(chosen)
            rows = rows_at_once(content, file.metadata, read, path)
            expansion = Expansion(os.fstat(content.fileno()).st_size, path)
            row = 0
            for batch in file.iter_batches(rows, columns=read):
                sides = []
                for name in chosen:
                    side = pc.struct_field(batch["translation"], name) if nested else batch[name]
                    sentences = checked_sentences(side, f"{path}, column {name}", row)
                    expansion.add(sentences)
                    sides.append(sentences.to_pylist())
                yield from zip(*sides, strict=True)
                row += len(batch)
    except (pa.ArrowException, OSError, ValueError) as error:  # ValueError: a column name that is not UTF-8
        raise DataError(f"{path}: not a readable Parquet file: {first_line(error)}") from error


def rows_at_once(content: io.BufferedReader, metadata: pq.FileMetaData, columns: list[str], path: str) -> int:
    """How many rows of a Parquet file can be read into memory, if each of them is as long as a page can be.

    One value of a page can stand in any number of rows.
    """
    largest = 1
    for page in pages(content, metadata, set(columns)):
        most = min(MAX_PAGE_BYTES, most_expanded(page.compressed))
        if page.uncompressed > most:
            raise DataError(f"{path}: a page of {page.uncompressed:,} bytes: expected at most {most:,}")
        largest = max(largest, page.uncompressed)
    return min(_BATCH_SIZE, max(1, MAX_BATCH_BYTES // largest))


@dataclass
class Expansion:
    """Counts the bytes that a file of some size becomes, with a line end for each sentence."""

    compressed: int
    path: str
    count: int = 0

    def add(self, sentences: pa.Array) -> None:
        """Add sentences that were checked; refuse what text does not become."""
        self.count += len(sentences) + (pc.sum(pc.binary_length(sentences)).as_py() or 0)
        if self.count > most_expanded(self.compressed):
            raise DataError(f"{self.path}: it expands more than {MAX_EXPANSION} times, as no text does")


def checked_sentences(sentences: pa.Array, where: str, rows_before: int) -> pa.Array:
    """The strings of an Arrow array, whatever it stores them as; null stays null.

    Raise DataError if it holds anything but sentences: no strings, no UTF-8, endless ones.
    """
    try:
        sentences.validate(full=True)
        _refuse_many_bytes(sentences, where, rows_before)
        if pa.types.is_dictionary(sentences.type):
            sentences = sentences.dictionary_decode()
        if not any(is_kind(sentences.type) for is_kind in _STRINGS):
            raise DataError(f"{where}: expected strings, received {sentences.type}")
        sentences.validate(full=True)
        sentences = sentences.cast(pa.large_string())
    except pa.ArrowInvalid as error:
        raise DataError(f"{where}, after row {rows_before}: {first_line(error)}") from error
    if (pc.max(pc.binary_length(sentences)).as_py() or 0) > MAX_LINE_BYTES:
        raise DataError(f"{where}, after row {rows_before}: a sentence longer than {MAX_LINE_BYTES:,} bytes")
    return sentences


def _refuse_many_bytes(sentences: pa.Array, where: str, rows_before: int) -> None:
    """Refuse a few bytes that stand for many: any number of rows can be one entry of a dictionary, or one view."""
    if pa.types.is_string_view(sentences.type):  # 16 bytes a view, and its length is in the first four
        first, last = sentences.offset, sentences.offset + len(sentences)
        views = np.frombuffer(sentences.buffers()[1] or b"", "<i4").reshape(-1, 4)[first:last]
        count = int(views[:, 0].sum(dtype=np.int64))
    elif pa.types.is_dictionary(sentences.type) and any(is_kind(sentences.type.value_type) for is_kind in _STRINGS[:2]):
        count = pc.sum(pc.take(pc.binary_length(sentences.dictionary), sentences.indices)).as_py() or 0
    else:
        return
    if count > MAX_BATCH_BYTES:
        received = f"received {count:,}"
        raise DataError(f"{where}, after row {rows_before}: expected at most {MAX_BATCH_BYTES:,} bytes, {received}")


Reader = Callable[[str, Columns], Iterator[PairWithGaps]]
Recognise = Callable[[str, Columns], Layout | None]
PAIR_READERS: dict[str, Reader] = {
    **{".tsv": read_tabs, ".csv": read_csv, ".jsonl": read_jsonl, ".parquet": read_parquet},
    **{".txt": read_tabs, ".tab": read_tabs, ".json": read_jsonl},
}
"""By the ending of the file."""
LAYOUTS: dict[Reader, Recognise] = {read_tabs: tab_layout, read_csv: csv_layout}
"""What the readers of rows recognise."""


def first_line(error: BaseException) -> str:
    """Return what an error of another library says, in one line, which may quote a whole file."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:500]
