"""Plain and slow readers of small files: what the readers of the package have to find.

Each gives all pairs of a file, or None where the file must be refused.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable

from mtlite.data.readers import Pair, PairWithGaps
from mtlite.languages import language_of_column
from mtlite.limits import MAX_LINE_BYTES

ROW_ENDS = ("\n", "\r\n")


def is_utf16(data: bytes) -> bool:
    first, line_feed, _ = data.partition(b"\n")
    text = bytes(byte for byte in first if byte)
    zipped = (b"".join(bytes([0, byte]) for byte in text), b"".join(bytes([byte, 0]) for byte in text))
    little = first == zipped[1] and len(text) > 1
    big = first + line_feed in (zipped[0], zipped[0] + b"\0\n") and len(text + line_feed) > 1
    ascii_only = all(byte in b"\t\r" or 32 <= byte < 127 for byte in text)
    return data[:2] in (b"\xff\xfe", b"\xfe\xff") or (ascii_only and (little or big))


def without_blank_end(lines: list[str], delimiter: str) -> list[str]:
    while lines and not lines[-1].strip() and delimiter not in lines[-1]:
        lines = lines[:-1]
    return lines


def reference_lines(data: bytes) -> list[str] | None:
    if is_utf16(data):
        return None
    try:
        lines = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return None
    lines = lines[:-1] if lines[-1] == "" else lines
    if any(len(line.encode()) > MAX_LINE_BYTES for line in lines):
        return None
    return [line.removesuffix("\r") for line in lines]


def reference_parallel(source: bytes, target: bytes) -> list[Pair] | None:
    source_lines, target_lines = reference_lines(source), reference_lines(target)
    if source_lines is None or target_lines is None:
        return None
    shared = min(len(source_lines), len(target_lines))
    if "".join([*source_lines[shared:], *target_lines[shared:]]).strip():
        return None
    return list(zip(source_lines[:shared], target_lines[:shared], strict=True))


def reference_tsv(data: bytes) -> list[Pair] | None:
    lines = reference_lines(data)
    lines = lines and without_blank_end(lines, "\t")
    if lines is None or any(line.count("\t") != 1 for line in lines):
        return None
    return [(line.split("\t")[0], line.split("\t")[1]) for line in lines]


def reference_jsonl(data: bytes) -> list[PairWithGaps] | None:
    lines = reference_lines(data)
    if lines is None:
        return None
    pairs = []
    try:
        for line in without_blank_end(lines, "no delimiter"):
            row = json.loads(line)
            row = row["translation"] if isinstance(row.get("translation"), dict) else row
            source, target = row["de"], row["en"]
            if not isinstance(source, str | None) or not isinstance(target, str | None):
                return None
            ((source or "") + (target or "")).encode()
            pairs.append((source, target))
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    return pairs


def csv_field(text: str, place: int) -> tuple[str, int] | None:
    """A field and the place after it; None where quotes are wrong."""
    if text[place : place + 1] != '"':
        end = place
        while end < len(text) and not text.startswith((",", *ROW_ENDS), end):
            end += 1
        return text[place:end], end
    field, place = "", place + 1
    while True:
        quote = text.find('"', place)
        if quote < 0:
            return None
        field, place = field + text[place:quote], quote + 1
        if not text.startswith('"', place):
            break
        field, place = field + '"', place + 1
    return (field, place) if place == len(text) or text.startswith((",", *ROW_ENDS), place) else None


def csv_rows(text: str) -> list[list[str]] | None:
    """Reads character by character; a carriage return ends a row only before a line feed."""
    rows: list[list[str]] = []
    place = 0
    while place < len(text):
        row: list[str] = []
        if not text.startswith(ROW_ENDS, place):
            while True:
                found = csv_field(text, place)
                if found is None:
                    return None
                row.append(found[0])
                place = found[1]
                if not text.startswith(",", place):
                    break
                place += 1
        rows.append(row)
        place += 2 if text.startswith("\r\n", place) else 1
    return rows


def reference_csv(data: bytes) -> list[Pair] | None:
    if is_utf16(data):
        return None
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError:
        return None
    text = "\n".join(without_blank_end(text.split("\n"), ",")) + "\n"
    rows = csv_rows(text) if text.strip() else []
    if not rows:
        return None if rows is None else []
    header = rows[0]
    if any(len(row) != len(header) for row in rows):
        return None
    places = {("de", "en"): (0, 1), ("id", "target", "source"): (2, 1)}.get(tuple(header), (0, 0))
    return [(row[places[0]], row[places[1]]) for row in rows[1:]]


def names_its_columns(data: bytes) -> bool:
    """Whether a file begins with one of the headers of this module, whatever may be recognised in another."""
    headers = (b"de,en", b"id,target,source", b'"de","en"', b'"id","target","source"')
    return data.removeprefix(b"\xef\xbb\xbf").split(b"\n")[0].removesuffix(b"\r") in headers


def has_plain_rows(data: bytes) -> bool:
    """Whether no line has more than two cells, and the first one is not taken for a header."""
    lines = data.decode("utf-8", "replace").removeprefix("\ufeff").split("\n")
    return all(line.count("\t") < 2 for line in lines) and not all(map(language_of_column, lines[0].split("\t")))


def decompressed(data: bytes) -> bytes | None:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return None


def is_clear(ending: str, data: bytes) -> bool:
    """Whether nothing is recognised in a file but what its generator meant."""
    return names_its_columns(data) if ending == "csv" else has_plain_rows(data) if ending == "tsv" else True


REFERENCES: dict[str, Callable[[bytes], list[Pair] | list[PairWithGaps] | None]] = {
    "tsv": reference_tsv,
    "csv": reference_csv,
    "jsonl": reference_jsonl,
}
