"""How the rows of a text file hold sentence pairs: what parts the columns, which ones they are, and the header.

What a file does not say itself is recognised by its first rows, and said; what is asked for is taken as it is.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtlite.data.columns import Columns, check_different
from mtlite.data.lines import drop_blank_end, read_ended_lines, split_line_end
from mtlite.errors import DataError, UsageError
from mtlite.languages import language_of_column
from mtlite.limits import MAX_LINE_BYTES

Row = tuple[int, list[str]]
"""The number of the line, from 1, and its cells."""
_FIRST_ROWS = 20  # that tell which columns hold no sentences
_NO_SENTENCE = re.compile(r"\s*|.*(\bCC[- ]BY|\bCC0\b|tatoeba|attribution).*", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")
_ANKI = re.compile(r"#(separator|html|tags|columns|notetype|deck|guid)\b.*:.*")
_ANKI_COLUMN = re.compile(r"#(?:tags|notetype|deck|guid) column:(\d{1,3})\s*")
_RETURN = "\ud80d"
"""The csv module takes a lone carriage return for the end of a row. While it parses, a surrogate stands for it, which
cannot occur in text decoded from UTF-8."""
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True)
class Dialect:
    """How a line is parted into cells."""

    delimiter: str = "\t"
    quoted: bool = False  # by the rules of CSV; else a quotation mark is a character like any other
    spaces: bool = False  # spaces after a delimiter belong to it


@dataclass(frozen=True)
class Layout:
    """Where the pairs of a file are."""

    dialect: Dialect
    skip: int  # rows before the first pair
    source: int  # place of the column, from 0
    target: int
    width: int | None  # columns of every row; None: two, and others that hold no sentences
    languages: tuple[str | None, str | None] = (None, None)  # of source and target, by the header
    said: str = ""  # what was recognised, in one line; empty if it goes without saying


def tab_layout(path: str, columns: Columns) -> Layout | None:
    """Recognise the layout of lines with tabs; None for an empty file.

    Raise UsageError for columns that are not there, DataError where it cannot be told which ones hold the sentences.
    """
    rows = list(itertools.islice(_rows(path, Dialect()), _FIRST_ROWS))
    comments = [row[1][0] for row in itertools.takewhile(lambda row: _ANKI.fullmatch(row[1][0]), rows)]
    rows = rows[len(comments) :]
    if not rows:
        return None
    said = [] if path.removesuffix(".gz").endswith((".tsv", ".tab")) else ["its columns are parted by tabs"]
    said += [f"{len(comments)} lines of settings of Anki are left out"] if comments else []
    first = rows[0][1]
    quoted = all(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in first)
    names = [cell[1:-1].replace('""', '"') for cell in first] if quoted else first
    if columns.header is not False and columns.is_header(names):
        said += ["its cells stand in quotation marks"] if quoted else []
        return _with_header(path, columns, names, Dialect(quoted=quoted), len(comments), said)
    if columns.header:
        said += ["its first line is left out as a header"]
    skip = len(comments) + bool(columns.header)
    no_sentences = [int(found[1]) - 1 for found in map(_ANKI_COLUMN.fullmatch, comments) if found]
    return _without_header(path, columns, rows[bool(columns.header) :] or rows, Dialect(), skip, said, no_sentences)


def csv_layout(path: str, columns: Columns) -> Layout | None:
    """Recognise the layout of comma-separated values, or others; None for an empty file. Raise as `tab_layout` does."""
    problems: list[tuple[bool, UsageError | DataError]] = []
    for delimiter, name in _DELIMITERS.items():
        said = [f"its columns are parted by {name}"] if delimiter != "," else []
        first: list[str] = []
        try:
            rows = list(itertools.islice(_rows(path, Dialect(delimiter, quoted=True)), _FIRST_ROWS))
            comments = int(bool(rows) and rows[0][1] == ["sep=", ""])  # so Excel says what parts its columns
            if not rows[comments:]:
                return None
            first = rows[comments][1]
            if columns.header is False:
                return _without_header(path, columns, rows[comments:], Dialect(delimiter, quoted=True), comments, said)
            spaces = any(cell.startswith(" ") for cell in first[1:])
            dialect = Dialect(delimiter, quoted=True, spaces=spaces)
            names = next(itertools.islice(_rows(path, dialect), comments, None))[1]
            return _with_header(path, columns, names, dialect, comments, said, certain=True)
        except (UsageError, DataError) as problem:
            problems.append((len(first) < 2, problem))
    raise min(problems, key=lambda each: each[0])[1]  # that of the first delimiter which parts anything


def read_rows(path: str, layout: Layout) -> Iterator[tuple[str, str]]:
    """Read the pairs of a file with a known layout; raise DataError for a row that does not fit it."""
    source, target, width = layout.source, layout.target, layout.width
    for number, cells in itertools.islice(_rows(path, layout.dialect), layout.skip, None):
        if len(cells) != (width or 2):
            _check_row(path, number, cells, layout)
        yield cells[source], cells[target]


def _check_row(path: str, number: int, cells: Sequence[str], layout: Layout) -> None:
    """Refuse a row of another width than expected, unless what it has besides are no sentences."""
    where, places = f"{path}, line {number}", (layout.source, layout.target)
    if layout.width is not None:
        raise DataError(f"{where}: expected {layout.width} columns as in the first line, received {len(cells)}")
    others = [cell for place, cell in enumerate(cells) if place not in places]
    if len(cells) <= max(places) or not all(map(_NO_SENTENCE.fullmatch, others)):
        raise _unclear(where, len(cells))


def _unclear(where: str, columns: int) -> DataError:
    remedy = "; give the numbers of data.source_column and data.target_column" if columns > 2 else ""
    return DataError(f"{where}: expected source, tab, target; received {columns} column(s){remedy}")


def _with_header(
    path: str,
    columns: Columns,
    names: Sequence[str],
    dialect: Dialect,
    comments: int,
    said: list[str],
    certain: bool = False,
) -> Layout:
    """The layout of a file whose first row has these names; it goes without saying if it is `certain` to have one."""
    remedy = ", or header false beside pairs if this line is a sentence pair"
    source, target = columns.choose_in_header(names, path, remedy)
    languages = language_of_column(names[source]), language_of_column(names[target])
    if not certain:
        said = [*said, "its first line is a header and no pair"]
    if said or not all({side.asked, side.language, side.side} & {*names} for side in columns.sides):
        chosen = [f"column {place + 1} ({names[place].strip()})" for place in (source, target)]
        said = [*said, f"the source is {chosen[0]}, the target {chosen[1]}"]
    return Layout(dialect, comments + 1, source, target, len(names), languages, "; ".join(said))


def _without_header(
    path: str,
    columns: Columns,
    rows: Sequence[Row],
    dialect: Dialect,
    skip: int,
    said: list[str],
    no_sentences: Sequence[int] = (),
) -> Layout:
    """The layout of a file whose first rows are pairs; in some columns there are known to be no sentences."""
    number, first = rows[0]
    for side in columns.sides:
        if side.asked and side.number is None:
            problem = f"data.{side.side}_column {side.asked} has no effect, the first line has no such name"
            raise UsageError(f"{path}: {problem}: give the number of a column, from 1, or a name that is there")
    places = range(len(first))
    asked = [None if side.number is None else side.place_of_number(len(first), path) for side in columns.sides]
    sentences = [place for place in places if place not in no_sentences]
    if len(sentences) > 2:
        sentences = [place for place in sentences if not _all_match(rows, place, _NO_SENTENCE, _NUMBER)]
    free = [place for place in sentences if place not in asked]
    if None in asked and len(free) != asked.count(None):
        raise _unclear(f"{path}, line {number}", len(first))
    source, target = (free.pop(0) if place is None else place for place in asked)
    check_different(source, target, first, path)
    left_out = [place for place in places if place not in (source, target)]
    if left_out and None in asked:
        numbers = ", ".join(str(place + 1) for place in left_out)
        said = [
            *said,
            f"the source is column {source + 1}, the target column {target + 1}, no sentences are in {numbers}",
        ]
    some_rows_have_less = max(source, target) == 1 and all(_all_match(rows, place, _NO_SENTENCE) for place in left_out)
    width = None if some_rows_have_less else len(first)
    return Layout(dialect, skip, source, target, width, said="; ".join(said))


def _all_match(rows: Sequence[Row], place: int, *patterns: re.Pattern[str]) -> bool:
    """Whether each cell of a column is of one of some forms."""
    cells = [cells[place] for _, cells in rows if place < len(cells)]
    return all(any(pattern.fullmatch(cell) for pattern in patterns) for cell in cells)


def _rows(path: str, dialect: Dialect) -> Iterator[Row]:
    """The rows of a file without blank ones at its end; raise DataError where it is not of this dialect."""
    lines = drop_blank_end(read_ended_lines(Path(path)), dialect.delimiter)
    if not dialect.quoted:
        for number, line in enumerate(lines, start=1):
            yield number, split_line_end(line)[0].split(dialect.delimiter)
        return
    csv.field_size_limit(MAX_LINE_BYTES)
    ended = (text.replace("\r", _RETURN) + end for text, end in map(split_line_end, lines))
    rows = csv.reader(ended, delimiter=dialect.delimiter, skipinitialspace=dialect.spaces, strict=True)
    try:
        for row in rows:
            yield rows.line_num, [cell.replace(_RETURN, "\r") for cell in row]
    except csv.Error as error:
        problem = f"not a row of values parted by {_DELIMITERS[dialect.delimiter]}"
        raise DataError(f"{path}, line {rows.line_num}: {problem}: {error}") from error
