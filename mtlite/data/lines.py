"""Text files as lines, byte by byte.

Python's text files and `str.splitlines` also end lines at a lone carriage return, U+2028, U+0085 and others, which
silently misaligns parallel files. Here a line ends at a line feed and nowhere else. A file that cannot be read or
decompressed, is not UTF-8, or has an endless line raises a `DataError`.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mtlite.errors import DataError
from mtlite.limits import MAX_EXPANSION, MAX_LINE_BYTES, most_expanded, open_file

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BUFFER_BYTES = 1 << 17
_UNMARKED_UTF16 = re.compile(rb"(\0[\t\r\n -~]){2,}|([\t\r -~]\0){2,}\n?")
_MOST_BLANK_LINES = 1000  # that may be left out at the end of a file
STANDARD_INPUT = Path("-")


class _Decompressed(io.RawIOBase):
    """The decompressed bytes of a gzip file, up to a ratio that text does not reach."""

    def __init__(self, file: io.BufferedReader) -> None:
        self.compressed = file
        self.decompressed = gzip.GzipFile(fileobj=file)
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        count = self.decompressed.readinto(buffer)
        self.count += count
        if self.count > most_expanded(self.compressed.tell()):
            raise gzip.BadGzipFile(f"it expands more than {MAX_EXPANSION} times, as no text does")
        return count


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    """A file, decompressed if its name ends in .gz; of `STANDARD_INPUT` what nobody has read yet."""
    # Not sys.stdin: a thread that still waits in it would crash Python at its end.
    with open(0, "rb", closefd=False) if path == STANDARD_INPUT else open_file(path) as file:
        yield io.BufferedReader(_Decompressed(file), _BUFFER_BYTES) if path.name.endswith(".gz") else file


def read_ended_lines(path: Path) -> Iterator[str]:
    """Yield every line as `read_lines` does, but with its line end, which the last one may lack."""
    number, name = 0, "standard input" if path == STANDARD_INPUT else str(path)
    try:
        with _open(path) as stream:
            while line := stream.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
                    length = f"longer than {MAX_LINE_BYTES:,} bytes"
                    raise DataError(f"{name}, line {number}: {length}; expected one sentence a line")
                if number == 1:
                    _refuse_utf16(line, name)
                text = line.decode("utf-8")
                if number == 1:
                    text = text.removeprefix("\ufeff")
                if text:
                    yield text
    except UnicodeDecodeError as error:
        byte = f"byte {error.start + 1}: not UTF-8 (byte 0x{error.object[error.start]:02x})"
        raise DataError(f"{name}, line {number}, {byte}; convert the file to UTF-8") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{name}: broken gzip file after line {number}: {error}; compress it again") from error
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"{name}: cannot be read ({reason}): give a text file that is there and may be read") from error


def _refuse_utf16(line: bytes, name: str) -> None:
    """Refuse a file whose first line is in UTF-16, as Windows writes it; without its mark, ASCII is UTF-8, too."""
    if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _UNMARKED_UTF16.fullmatch(line):
        raise DataError(f"{name}: the text is in UTF-16, expected UTF-8; iconv -f UTF-16 -t UTF-8 converts it")


def split_line_end(line: str) -> tuple[str, str]:
    """Split off the end of a line: a line feed, a carriage return before it, both or neither."""
    text = line.removesuffix("\n").removesuffix("\r")
    return text, line[len(text) :]


def drop_blank_end(lines: Iterable[str], cells: str = "") -> Iterator[str]:
    """Yield lines without the blank ones at the end, which are no rows; a line with `cells` in it is none of them."""
    held: list[str] = []
    for line in lines:
        if line.strip() or (cells and cells in line) or len(held) == _MOST_BLANK_LINES:
            yield from held
            held.clear()
            yield line
        else:
            held.append(line)


def without_blank_end(first: list[str], second: list[str]) -> tuple[list[str], list[str]]:
    """Two sides, without the blank lines that one of them has besides at its end."""
    shared = min(len(first), len(second))
    if any(line.strip() for line in (*first[shared:], *second[shared:])):
        return first, second
    return first[:shared], second[:shared]


def read_lines(path: Path) -> Iterator[str]:
    """Yield every line of a UTF-8 file (gzipped if its name ends in .gz) without line end and byte-order mark."""
    for line in read_ended_lines(path):
        yield split_line_end(line)[0]
