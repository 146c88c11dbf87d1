"""One reader for each format, from a path to pairs.

Every format is read here by the byte-wise line reader and the standard library, not by the readers of `datasets`: those
turn the sentences `NA` and `null` into missing values, `007` into 7 and `2026-11-23` into a date, and drop blank lines.

A file that cannot be read as it is raises a `DataError`, a column that is not there a `UsageError`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mtlite.data.columns import Columns
from mtlite.data.layout import Layout, csv_layout, read_rows, tab_layout
from mtlite.data.lines import drop_blank_end, read_lines
from mtlite.errors import DataError
from mtlite.limits import MAX_LINE_BYTES

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
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{where}: not JSON: {error}{array}") from error
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
                    sides.append(checked_sentences(side, f"{path}, column {name}", row).to_pylist())
                yield from zip(*sides, strict=True)
                row += len(batch)
    except (pa.ArrowException, OSError, ValueError) as error:  # ValueError: a column name that is not UTF-8
        raise DataError(f"{path}: not a readable Parquet file: {first_line(error)}") from error


def checked_sentences(sentences: pa.Array, where: str, rows_before: int) -> pa.Array:
    """The strings of an Arrow array, whatever it stores them as; null stays null.

    Raise DataError if it holds anything but sentences: no strings, no UTF-8, endless ones.
    """
    try:
        sentences.validate(full=True)
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
    """Return what an error of another library says, in one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
