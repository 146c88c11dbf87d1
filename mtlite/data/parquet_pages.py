"""How large the pages of a Parquet file are when they are decompressed, by their own headers.

Arrow reads a page whole, and takes the memory that its header asks for: a file of a kilobyte can ask for gigabytes. A
header is a struct in the compact protocol of Apache Thrift, without a length: it is read field by field.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow.parquet as pq

_BOOLEANS, _BYTE, _INTEGERS, _DOUBLE, _BINARY, _LISTS, _STRUCT = (1, 2), 3, (4, 5, 6), 7, 8, (9, 10), 12
_UNCOMPRESSED, _COMPRESSED = 2, 3  # fields of a page header, in bytes
_MOST_DEPTH = 8


class Page(NamedTuple):
    """The size of a page, in bytes."""

    compressed: int
    uncompressed: int


def pages(file: io.BufferedReader, metadata: pq.FileMetaData, columns: set[str]) -> Iterator[Page]:
    """Yield the pages of some columns, by the first part of their path; raise ValueError for what is no page."""
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            if column.path_in_schema.partition(".")[0] not in columns or not column.num_values:
                continue
            start, dictionary = column.data_page_offset, column.dictionary_page_offset
            if column.has_dictionary_page and dictionary and 0 < dictionary < start:
                start = dictionary
            end = start + column.total_compressed_size
            file.seek(start)
            while file.tell() < end:
                page = _page(file)
                yield page
                file.seek(page.compressed, io.SEEK_CUR)


def _page(file: io.BufferedReader) -> Page:
    sizes = {number: size for number, size in _struct(file, 0) if number in (_UNCOMPRESSED, _COMPRESSED)}
    page = Page(sizes.get(_COMPRESSED, -1), sizes.get(_UNCOMPRESSED, -1))
    if min(page) < 0:
        raise ValueError("a page without a size")
    return page


def _struct(file: io.BufferedReader, depth: int) -> Iterator[tuple[int, int]]:
    """Yield the fields of a struct that are whole numbers, and pass over the others."""
    if depth > _MOST_DEPTH:
        raise ValueError("the header of a page nests too deep")
    number = 0
    while head := _byte(file):
        kind, step = head & 15, head >> 4
        number = number + step if step else _integer(file)
        if kind in _INTEGERS:
            yield number, _integer(file)
        elif kind not in _BOOLEANS:  # the value of these is their type
            _pass_over(file, kind, depth)


def _pass_over(file: io.BufferedReader, kind: int, depth: int) -> None:
    if kind == _BYTE or kind in _BOOLEANS:
        _byte(file)
    elif kind in _INTEGERS:
        _integer(file)
    elif kind == _DOUBLE:
        file.seek(8, io.SEEK_CUR)
    elif kind == _BINARY:
        file.seek(_varint(file), io.SEEK_CUR)
    elif kind in _LISTS:
        head = _byte(file)
        for _ in range(_varint(file) if head >> 4 == 15 else head >> 4):
            _pass_over(file, head & 15, depth + 1)
    elif kind == _STRUCT:
        for _ in _struct(file, depth + 1):
            pass
    else:  # a map: no header of a page has one
        raise ValueError("the header of a page cannot be read")


def _byte(file: io.BufferedReader) -> int:
    if not (read := file.read(1)):
        raise ValueError("it ends in the header of a page")
    return read[0]


def _varint(file: io.BufferedReader) -> int:
    """A whole number, seven bits a byte, the lowest first."""
    value = 0
    for shift in range(0, 70, 7):
        byte = _byte(file)
        value |= (byte & 127) << shift
        if byte < 128:
            return value
    raise ValueError("a number of more than 64 bits in the header of a page")


def _integer(file: io.BufferedReader) -> int:
    """A whole number with a sign, which is its lowest bit."""
    value = _varint(file)
    return value >> 1 ^ -(value & 1)
