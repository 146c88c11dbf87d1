"""Feeds generated files to every reader: valid, mutated and random ones.

A reader gives what a slow reference gives for the same bytes, or one of the project's errors where the reference finds
none; anything else is a bug. Run it with `python tests/data/fuzz_readers.py --inputs 20000 --seed 1`.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import random
import tempfile
import traceback
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq

from mtlite.config.options import CorpusConfig
from mtlite.data.cache import pairs_of
from mtlite.data.columns import Columns, Side
from mtlite.data.pairs import load_pairs
from mtlite.data.readers import Pair, PairWithGaps, read_csv, read_jsonl, read_parallel_text, read_parquet, read_tabs
from mtlite.errors import MtliteError
from mtlite.languages import language_of_column
from mtlite.limits import FREE_EXPANSION_BYTES, MAX_LINE_BYTES

COLUMNS = Columns(Side("source", language="de"), Side("target", language="en"))
FRAGMENTS = [
    *["NA", "null", "None", "nan", "007", "1e5", "2026-11-23", "12:30", "true", "", " ", "  ", "\ufeff", "a", "Haus"],
    *["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x00", "\x1a", "\u00a0", "\u200b", "\u202e", "\U0001f600"],
    *[
        '"',
        '""',
        "'",
        ",",
        ";",
        "\\",
        "\\n",
        "\\u2028",
        "{",
        "}",
        "[",
        "#",
        "=1+1",
        "</s>",
        "ß",
        "東京",
        "e\u0301",
        "سلام",
    ],
]
LINE_ENDS = ["\n", "\n", "\r\n"]
ROW_ENDS = ("\n", "\r\n")
BYTES = [
    b"\n",
    b"\r",
    b"\r\n",
    b"\t",
    b",",
    b'"',
    b"\x00",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\x1f\x8b",
]


def sentence(generator: random.Random, extra: tuple[str, ...] = ()) -> str:
    """A sentence without line feed or tab, unless they are among the extra fragments."""
    return "".join(generator.choices([*FRAGMENTS, *extra], k=generator.randrange(5)))


def mutate(generator: random.Random, data: bytes) -> bytes:
    """The bytes with a few of them changed, removed, repeated, or cut off."""
    for _ in range(generator.randrange(1, 4)):
        place = generator.randrange(len(data) + 1)
        length = generator.randrange(8)
        match generator.randrange(5):
            case 0:
                data = data[:place] + generator.randbytes(1) + data[place + 1 :]
            case 1:
                data = data[:place] + data[place + length :]
            case 2:
                data = data[:place] + generator.choice(BYTES) + data[place:]
            case 3:
                data = data[:place] + data[place : place + length] * 2 + data[place + length :]
            case 4:
                data = data[:place]
    return data


def spoil(generator: random.Random, data: bytes) -> bytes:
    """The bytes as they are, mutated, or others."""
    chance = generator.random()
    if chance < 0.4:
        return data
    return mutate(generator, data) if chance < 0.9 else generator.randbytes(generator.randrange(200))


# The references: all the pairs of a file, or None where they must be refused


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


def reference_parallel(source: bytes | None, target: bytes | None) -> list[Pair] | None:
    if source is None or target is None:
        return None
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


def names_its_columns(data: bytes | None) -> bool:
    """Whether a file begins with one of the headers of this module, whatever may be recognised in another."""
    headers = (b"de,en", b"id,target,source", b'"de","en"', b'"id","target","source"')
    return data is None or data.removeprefix(b"\xef\xbb\xbf").split(b"\n")[0].removesuffix(b"\r") in headers


def has_plain_rows(data: bytes | None) -> bool:
    """Whether no line has more than two cells, and the first one is not taken for a header."""
    lines = (data or b"").decode("utf-8", "replace").removeprefix("\ufeff").split("\n")
    return all(line.count("\t") < 2 for line in lines) and not all(map(language_of_column, lines[0].split("\t")))


def decompressed(data: bytes) -> bytes | None:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return None


# One input for each format


class Fuzzer:
    """Writes one input after another into a folder and counts what the readers make of them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.generator = random.Random(seed)
        self.outcomes: Counter[str] = Counter()
        self.bugs: list[str] = []

    def pairs(self, extra: tuple[str, ...] = ()) -> list[Pair]:
        count = self.generator.randrange(6)
        return [(sentence(self.generator, extra), sentence(self.generator, extra)) for _ in range(count)]

    def text(self, lines: list[str]) -> bytes:
        """Lines with mixed line ends, perhaps a byte-order mark, perhaps no end of the last line."""
        # A line that ends in a carriage return keeps it only before a full line end.
        text = "".join(line + self.generator.choice(LINE_ENDS) for line in lines)
        if lines and lines[-1] and not lines[-1].endswith("\r") and self.generator.random() < 0.3:
            text = text.removesuffix("\n").removesuffix("\r")
        return (b"\xef\xbb\xbf" if self.generator.random() < 0.2 else b"") + text.encode()

    def write(self, name: str, data: bytes) -> str:
        path = self.folder / name
        path.write_bytes(data)
        return str(path)

    def store(self, name: str, data: bytes) -> tuple[str, bytes | None]:
        """Spoils and writes the data, one time in three gzipped; returns the path and what the reader must see."""
        if self.generator.random() < 0.67:
            data = spoil(self.generator, data)
            return self.write(name, data), data
        packed = spoil(self.generator, gzip.compress(spoil(self.generator, data)))
        return self.write(f"{name}.gz", packed), decompressed(packed)

    def check(
        self,
        name: str,
        read: Callable[[], Sequence[PairWithGaps]],
        expected: Sequence[PairWithGaps] | None,
        exact: bool = True,
    ) -> None:
        """Counts the outcome of one input; without an exact expectation, any strings are right."""
        try:
            pairs = read()
            for source, target in pairs:
                ((source or "") + (target or "")).encode()
            outcome = "right result" if pairs == expected or not exact else "other"
            detail = f"{pairs!r}\nexpected {expected!r}"
        except MtliteError as error:
            outcome = "project error" if expected is None or not exact else "other"
            detail = f"{error}\nexpected {expected!r}"
        except Exception:  # noqa: BLE001 (an exception of any kind is what is looked for)
            outcome, detail = "other", traceback.format_exc()
        self.outcomes[outcome] += 1
        if outcome == "other":
            self.bugs.append(f"{name}: {detail}")

    def parallel_text(self) -> None:
        pairs = self.pairs(("\t", "\r"))
        source, source_data = self.store("text.de", self.text([source for source, _ in pairs]))
        target, target_data = self.store("text.en", self.text([target for _, target in pairs]))
        expected = reference_parallel(source_data, target_data)
        self.check("text", lambda: list(read_parallel_text(source, target)), expected)

    def tsv(self) -> None:
        lines = [f"{source}\t{target}" for source, target in self.pairs(("\r",))]
        path, data = self.store("pairs.tsv", self.text(lines))
        expected = None if data is None else reference_tsv(data)
        self.check("tsv", lambda: list(read_tabs(path, COLUMNS)), expected, exact=has_plain_rows(data))

    def jsonl(self) -> None:
        rows: list[dict] = []
        for source, target in self.pairs(("\n", "\r", "\t")):
            row = {"de": source, "en": target}
            rows.append({"translation": row} if self.generator.random() < 0.3 else row)
        ascii_only = self.generator.random() < 0.5
        path, data = self.store("pairs.jsonl", self.text([json.dumps(row, ensure_ascii=ascii_only) for row in rows]))
        expected = None if data is None else reference_jsonl(data)
        self.check("jsonl", lambda: list(read_jsonl(path, COLUMNS)), expected)

    def csv(self) -> None:
        file = io.StringIO()
        line_end = self.generator.choice(["\n", "\r\n"])
        writer = csv.writer(file, lineterminator=line_end)
        if self.generator.random() < 0.5:
            writer = csv.writer(file, lineterminator=line_end, quoting=csv.QUOTE_ALL)
        names = self.generator.choice([["de", "en"], ["id", "target", "source"]])
        writer.writerow(names)
        for number, (source, target) in enumerate(self.pairs(("\n", "\r", "\r\n", "\t"))):
            row = {"id": number, "de": source, "source": source, "en": target, "target": target}
            writer.writerow([row[name] for name in names])
        path, data = self.store("pairs.csv", file.getvalue().encode())
        expected = None if data is None else reference_csv(data)
        self.check("csv", lambda: list(read_csv(path, COLUMNS)), expected, exact=names_its_columns(data))

    def parquet(self) -> None:
        pairs = self.pairs(("\n", "\r", "\t"))
        rows = [{"de": source, "en": target} for source, target in pairs]
        sides = pa.struct([("de", pa.string()), ("en", pa.string())])
        table = pa.Table.from_pylist(rows, pa.schema(sides))
        if self.generator.random() < 0.5:
            table = pa.table({"translation": pa.array(rows, sides)})
        file = io.BytesIO()
        pq.write_table(table, file, compression=self.generator.choice(["none", "snappy", "gzip", "zstd"]))
        data = spoil(self.generator, file.getvalue())
        path = self.write("pairs.parquet", data)
        self.check("parquet", lambda: list(read_parquet(path, COLUMNS)), pairs, exact=data == file.getvalue())

    def saved_folder(self) -> None:
        pairs = self.pairs(("\n", "\r", "\t"))
        folder = tempfile.mkdtemp(dir=self.folder)
        columns = {"de": [source for source, _ in pairs], "en": [target for _, target in pairs]}
        datasets.Dataset.from_dict(columns).save_to_disk(folder)
        path = self.generator.choice(sorted(Path(folder).iterdir()))
        before = path.read_bytes()
        path.write_bytes(spoil(self.generator, before))
        config = CorpusConfig(pairs=folder)
        unspoilt = path.read_bytes() == before

        def read() -> list[Pair]:
            return list(pairs_of(load_pairs(config, COLUMNS, "data", "train")))

        self.check("folder", read, pairs or None, exact=unspoilt)

    def through_datasets(self) -> None:
        pairs = self.pairs(("\t",))
        source = self.write("whole.de", "".join(f"{source}\n" for source, _ in pairs).encode())
        target = self.write("whole.en", "".join(f"{target}\n" for _, target in pairs).encode())
        config = CorpusConfig(source=source, target=target)
        expected = reference_parallel(Path(source).read_bytes(), Path(target).read_bytes()) or None  # none: an error
        self.check("datasets", lambda: list(pairs_of(load_pairs(config, COLUMNS, "data", "train"))), expected)

    def endless_line(self) -> None:
        length = self.generator.choice([MAX_LINE_BYTES, MAX_LINE_BYTES + 1, 10 << 20])
        source = self.generator.choice([b"a", b"\0"]) * length + self.generator.choice([b"", b"\n"])
        path = self.write("text.de", source)
        self.check("endless line", lambda: list(read_parallel_text(path, path)), reference_parallel(source, source))

    def bomb(self) -> None:
        line = self.generator.choice([b"\n", b"\0" * 999 + b"\n"])
        path = self.write("bomb.gz", gzip.compress(line * (3 * FREE_EXPANSION_BYTES // len(line))))
        self.check("bomb", lambda: list(read_parallel_text(path, path)), None)


def fuzz(folder: Path, inputs: int, seed: int) -> Fuzzer:
    """Feeds a number of inputs to the readers."""
    fuzzer = Fuzzer(folder, seed)
    quick = [fuzzer.parallel_text, fuzzer.tsv, fuzzer.jsonl, fuzzer.csv, fuzzer.parquet]
    for number in range(inputs):
        if number % 5000 == 4999:
            fuzzer.bomb()
        elif number % 500 == 499:
            fuzzer.endless_line()
        elif number % 50 == 49:
            fuzzer.saved_folder()
        elif number % 50 == 24:
            fuzzer.through_datasets()
        else:
            quick[number % len(quick)]()
    return fuzzer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as folder:
        datasets.config.HF_DATASETS_CACHE = Path(folder) / "cache"
        fuzzer = fuzz(Path(folder), options.inputs, options.seed)
    print(*fuzzer.bugs[:10], sep="\n")
    for outcome in ("right result", "project error", "other"):
        print(f"{outcome}: {fuzzer.outcomes[outcome]}")
    if fuzzer.bugs:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
