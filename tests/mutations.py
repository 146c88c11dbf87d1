"""Other content for files of every kind: bits, bytes, and what the file means. A seed tells which.

A `mutated_…` takes whole content of its kind and gives another; a `generated_…` needs none.
"""

from __future__ import annotations

import contextlib
import copy
import csv
import gzip
import io
import json
import lzma
import random
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from samples import NUMBERS

ODD: list[Any] = [
    *["", " ", "\ud800", "x" * 3_000_000, "\x00", "\x1b[2J", "=1+1", "a\nb", "..", "../x", "/dev/zero", "NaN", "1e999"],
    *[-1, 0, 1, 0.5, -0.0, 2**31, 2**63, 10**400, float("nan"), float("inf"), None, True, [], {}, [[]], {"": None}],
    *[["x"] * 10_000, [0] * 100_000, {str(number): number for number in range(10_000)}],
]
BYTES = [
    b"\xff",
    b"\x00",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\n",
    b"\r",
    b"\t",
    b",",
    b'"',
    b"{",
    b"[" * 5000,
]
BYTES += [
    b"9" * 400,
    b"-",
    b"1e999",
    b"NaN",
    b"Infinity",
    b"null",
    b'"\\ud800"',
    b"x" * 2_000_000,
    b"&a [*a, *a]",
    b"\x1f\x8b",
]


class Mutator:
    """Changes bytes and plain values at random."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def content(self, content: bytes) -> bytes:
        """Flip, cut, swap, insert, repeat."""
        data = bytearray(content)
        for _ in range(self.random.randint(1, 4)):
            at, to = sorted(self.random.randrange(len(data) + 1) for _ in range(2))
            to = min(to, at + self.random.choice([1, 8, 100, 10**9]))
            match self.random.randrange(6):
                case 0 if at < len(data):
                    data[at] ^= 1 << self.random.randrange(8)
                case 1:
                    del data[at:to]
                case 2:
                    data = data[:at]
                case 3:
                    data[at:at] = self.random.choice(BYTES)
                case 4:
                    data[at:to] = data[at:to] * self.random.choice([2, 3, 1000 if to - at < 1000 else 2])
                case 5:
                    data[at:to] = data[at:to][::-1]
        return bytes(data)

    def values(self, values: Any) -> Any:
        """Retype, drop, add, nest, enlarge, swap: one or two places in plain values, at any depth."""
        values = [copy.deepcopy(values)]
        for _ in range(self.random.choice([1, 1, 1, 2])):
            place, key = self._place(values)
            value = place[key]
            match self.random.randrange(7):
                case 0 | 1:
                    place[key] = self.random.choice(ODD)
                case 2:
                    for _ in range(self.random.choice([1, 15, 400])):
                        value = {"a": value} if self.random.random() < 0.5 else [value]
                    place[key] = value
                case 3:
                    # What was enlarged before is doubled: the program's memory is measured, not this one's.
                    times = self.random.choice(
                        [2, 1000 if isinstance(value, str | list) and len(value) < 10_000 else 2]
                    )
                    place[key] = value * times if isinstance(value, str | list) else [value]
                case 4 if isinstance(place, dict):
                    del place[key]
                case 5 if isinstance(place, dict):
                    place[self.random.choice(["x", "\ud800", "", "a" * 100_000, key])] = value
                case _:
                    other, there = self._place(values)
                    place[key], other[there] = copy.deepcopy(other[there]), copy.deepcopy(value)
        return values[0]

    def _place(self, values: list[Any]) -> tuple[Any, Any]:
        place, key = values, 0
        while place[key] and isinstance(place[key], dict | list) and self.random.random() < 0.85:
            place = place[key]
            key = self.random.choice(list(place) if isinstance(place, dict) else range(len(place)))
        return place, key

    def json(self, content: bytes) -> bytes:
        """JSON with other values."""
        return json.dumps(self.values(json.loads(content)), ensure_ascii=self.random.random() < 0.9).encode(
            errors="surrogatepass"
        )


def mutated_json(mutator: Mutator, content: bytes) -> bytes:
    return mutator.json(content)


def mutated_lines(mutator: Mutator, content: bytes) -> bytes:
    """Lines of JSON, of which one has other values, or stands elsewhere."""
    lines = content.splitlines()
    at = mutator.random.randrange(len(lines))
    if mutator.random.random() < 0.2:
        lines.insert(mutator.random.randrange(len(lines)), lines.pop(at))
    else:
        lines[at] = mutator.json(lines[at])
    return b"\n".join(lines) + b"\n"


def mutated_yaml(mutator: Mutator, content: bytes) -> bytes:
    """YAML with other values, or odd YAML in it."""
    import yaml

    if mutator.random.random() < 0.7:
        return mutator.json(json.dumps(yaml.safe_load(content)).encode())  # which is YAML, too
    odd = ["!!python/object/apply:os.system [true]", "&a [*a]", "{a: 1, a: 2}", "? [1]", "~", ".nan", "0x7f", "'", "%X"]
    odd += [
        "[" * 500,
        "- - -",
        "!!binary x",
        "<<: {a: 1}",
        "9" * 5000,
        "2026-11-23",
        "\t",
        "!!set {a}",
        "1:30:00",
        "a:" * 999,
    ]
    lines = content.decode().splitlines()
    at = mutator.random.randrange(len(lines))
    lines[at] = f"{lines[at].partition(':')[0]}: {mutator.random.choice(odd)}"
    return "\n".join(lines).encode()


def mutated_xz(mutator: Mutator, content: bytes) -> bytes:
    inside = mutated_lines(mutator, lzma.decompress(content))
    if mutator.random.random() < 0.02:
        inside += mutator.random.choice([b" ", b"[", b"[],", b"{}\n"]) * (1 << 23)
    return lzma.compress(inside, preset=1)


def mutated_gzip(mutator: Mutator, content: bytes) -> bytes:
    inside = mutator.content(gzip.decompress(content))
    if mutator.random.random() < 0.02:
        inside += mutator.random.choice([b"\n", b"\0" * 99 + b"\n"]) * (1 << 22)
    return gzip.compress(inside, 1)


def mutated_safetensors(mutator: Mutator, content: bytes) -> bytes:
    """Other values in the header; or other arrays under a right checksum."""
    import numpy as np

    from mtlite.storage.tensors import load_arrays, save_arrays

    size = struct.unpack_from("<Q", content)[0]
    if mutator.random.random() < 0.6:
        header = mutator.json(content[8 : 8 + size])
        claimed = len(header) if mutator.random.random() < 0.8 else mutator.random.choice([0, 2**31, 2**63, size])
        return struct.pack("<Q", claimed) + header + content[8 + size :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.safetensors"
        path.write_bytes(content)
        arrays, facts = load_arrays(path)
        name = mutator.random.choice(sorted(arrays))
        array = arrays.pop(name)
        odd = [
            array.astype(np.float64),
            array[None],
            array.reshape(-1)[:-1],
            array * np.nan,
            np.zeros((0, 3), np.float32),
        ]
        arrays[mutator.random.choice([name, "x", "weights/x"])] = np.array(
            mutator.random.choice([*odd, odd[0] * 1e300])
        )
        with np.errstate(all="ignore"), contextlib.suppress(ValueError):
            save_arrays(path, arrays, mutator.values(facts) if mutator.random.random() < 0.5 else facts)
        return path.read_bytes()


def mutated_tokenizer(mutator: Mutator, content: bytes) -> bytes:
    """A SentencePiece model with other pieces or other options."""
    from sentencepiece.sentencepiece_model_pb2 import ModelProto

    model = ModelProto.FromString(content)
    for _ in range(mutator.random.randint(1, 3)):
        piece = mutator.random.choice(model.pieces)
        match mutator.random.randrange(7):
            case 0:
                piece.piece = mutator.random.choice(["", "a", "▁", "x" * 100_000, "\n", "</s>", model.pieces[-1].piece])
            case 1:
                piece.score = mutator.random.choice([float("nan"), float("inf"), -1e38, 0])
            case 2:
                piece.type = mutator.random.randint(1, 6)
            case 3:
                model.pieces.remove(piece)
            case 4:
                model.trainer_spec.pad_id = mutator.random.choice([-1, 1, 10**6])
            case 5:
                model.trainer_spec.model_type = mutator.random.randint(1, 4)
            case 6:
                model.normalizer_spec.precompiled_charsmap = mutator.content(model.normalizer_spec.precompiled_charsmap)
    return bytes(model.SerializeToString())


def mutated_columns(mutator: Mutator) -> Any:
    """An Arrow table of sentences in which one column is of another type, or broken."""
    import pyarrow as pa

    sentences = ["eins", "zwei", "", "東京"] * 3
    good = pa.array(sentences)
    _, offsets, text = good.buffers()
    wild = struct.pack("<13i", 0, *(mutator.random.randrange(42) for _ in range(11)), 42)  # not in their order
    structs = pa.array([{"de": each} for each in sentences])
    odd = [
        *[
            pa.array(range(12)),
            pa.nulls(12),
            pa.array([*sentences[1:], None]),
            pa.array([sentences] * 12),
            structs,
            good,
        ],
        *[good.cast(kind) for kind in ("binary", "large_string", "string_view")],
        *[good.dictionary_encode(), pa.array([b"\xff\xfe"] * 12).view("string"), pa.array(["x" * 1_000_001] * 12)],
        pa.Array.from_buffers(pa.string(), 12, [None, pa.py_buffer(wild), text]),
        pa.Array.from_buffers(pa.string(), 12, [None, offsets, pa.py_buffer(b"\xff" * text.size)]),
        pa.DictionaryArray.from_arrays(pa.array([9, 0, -1] * 4), pa.array(["a"]), safe=False),
        pa.array(["a" * 1_000_000]).dictionary_encode().take(pa.array([0] * 12)),
    ]
    names = mutator.random.choice([["de", "en"], ["source", "target"], ["de", "de"], ["x", "en"], ["\x00", "en"]])
    columns = [mutator.random.choice(odd), mutator.random.choice([good, *odd])]
    if mutator.random.random() < 0.2:
        return pa.table({"translation": pa.StructArray.from_arrays(columns, ["de", "en"])})
    return pa.Table.from_arrays(columns, names)


def mutated_parquet(mutator: Mutator, content: bytes) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    options: dict[str, Any] = {
        "compression": mutator.random.choice(["none", "snappy", "gzip", "zstd", "lz4", "brotli"]),
        "data_page_version": mutator.random.choice(["1.0", "2.0"]),
        "use_dictionary": mutator.random.random() < 0.5,
    }
    table = mutated_columns(mutator)
    with contextlib.suppress(pa.ArrowException):  # what Arrow itself does not write
        if mutator.random.random() < 0.1:
            table = table.take(pa.array([0, 1] * mutator.random.choice([1000, 300_000])))
        pq.write_table(table, file, **options)
    return mutator.content(file.getvalue()) if mutator.random.random() < 0.3 else file.getvalue()


def mutated_arrow(mutator: Mutator, content: bytes) -> bytes:
    import pyarrow as pa

    file = io.BytesIO()
    with contextlib.suppress(pa.ArrowException):
        table = mutated_columns(mutator)
        options = pa.ipc.IpcWriteOptions(compression=mutator.random.choice([None, None, "zstd", "lz4"]))
        with pa.ipc.new_stream(file, table.schema, options=options) as writer:
            writer.write_table(table)
    return file.getvalue()


FRAGMENTS = [
    *["NA", "null", "None", "nan", "007", "1e5", "2026-11-23", "12:30", "true", "", " ", "  ", "\ufeff", "a", "Haus"],
    *["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x00", "\x1a", "\u00a0", "\u200b", "\u202e", "🦊", "⁇"],
    *['"', '""', "'", ",", ";", "\\", "\\n", "\\u2028", "{", "}", "[", "#", "=1+1", "</s>", "<s>", "<unk>", "<0x0A>"],
    *["ß", "東京", "e\u0301", "سلام", "▁", *NUMBERS, *NUMBERS.values()],
]
BETWEEN_SIDES = b"\n-- the other side --\n"
"""Parts the two sides of a pair of files in one."""


def _sentence(draw: random.Random, extra: str) -> str:
    return draw.choice(["", "", " "]).join(draw.choices([*FRAGMENTS, *extra], k=draw.randrange(6)))


def _pairs(draw: random.Random, extra: str = "") -> list[tuple[str, str]]:
    """Some pairs without line feed or tab, unless they are among the extra characters."""
    return [(_sentence(draw, extra), _sentence(draw, extra)) for _ in range(draw.randrange(6))]


def _text(draw: random.Random, lines: list[str]) -> bytes:
    """Lines with mixed line ends, perhaps a byte order mark, perhaps no end of the last line."""
    text = "".join(line + draw.choice(["\n", "\n", "\r\n"]) for line in lines)
    if lines and lines[-1] and not lines[-1].endswith("\r") and draw.random() < 0.3:
        text = text.removesuffix("\n").removesuffix("\r")
    return (b"\xef\xbb\xbf" if draw.random() < 0.2 else b"") + text.encode()


def generated_sides(mutator: Mutator, _: bytes) -> bytes:
    pairs = _pairs(mutator.random, "\t\r")
    sides = [[source for source, _ in pairs], [target for _, target in pairs]]
    return BETWEEN_SIDES.join(_text(mutator.random, side) for side in sides)


def generated_tsv(mutator: Mutator, _: bytes) -> bytes:
    return _text(mutator.random, ["\t".join(pair) for pair in _pairs(mutator.random, "\r")])


def generated_jsonl(mutator: Mutator, _: bytes) -> bytes:
    rows: list[dict[str, Any]] = []
    for source, target in _pairs(mutator.random, "\n\r\t"):
        row = {"de": source, "en": target}
        rows.append({"translation": row} if mutator.random.random() < 0.3 else row)
    ascii_only = mutator.random.random() < 0.5
    return _text(mutator.random, [json.dumps(row, ensure_ascii=ascii_only) for row in rows])


def generated_csv(mutator: Mutator, _: bytes) -> bytes:
    draw, file = mutator.random, io.StringIO()
    line_end, quoted = draw.choice(["\n", "\r\n"]), draw.random() < 0.5
    writer = csv.writer(file, lineterminator=line_end, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    names = draw.choice([["de", "en"], ["id", "target", "source"]])
    writer.writerow(names)
    for number, (source, target) in enumerate(_pairs(draw, "\n\r\t")):
        row = {"id": number, "de": source, "source": source, "en": target, "target": target}
        writer.writerow([row[name] for name in names])
    return file.getvalue().encode()


def gzipped(generate: Callable[[Mutator, bytes], bytes]) -> Callable[[Mutator, bytes], bytes]:
    """The same, packed; one time in three damaged before."""

    def make(mutator: Mutator, content: bytes) -> bytes:
        content = generate(mutator, content)
        return gzip.compress(mutator.content(content) if mutator.random.random() < 0.3 else content, 1)

    return make


def generated_address(mutator: Mutator, _: bytes) -> bytes:
    """The part of a page's address that says its state."""
    draw = mutator.random
    keys = ["view", "runs", "text", "sentence", "beam", "penalty", "alternatives", "force", "node", "cell", "changed"]
    keys += ["repeat", "step", "theme", "__proto__", "constructor", "x"]
    values = ["about", "0,2", "1", "0.5", "0.0:2", "1:5,3", "0:1,2;2:3", "0.1.2", "0:1:2", "-1", "1e5", "NaN", "dark"]
    values += ["9" * 400, "a" * 25_000, "%E0%A4%A", "%00", "%ED%A0%80", "<script>", "0:" + "1," * 600, "", ":"]
    parts = []
    for _number in range(draw.randint(0, 6)):
        value = draw.choice([draw.choice(values), "".join(draw.choices("0123456789:,.;-~|", k=draw.randint(1, 9)))])
        parts.append(f"{draw.choice(keys)}{draw.choice(['=', '=', '=', ''])}{value}")
    return f"{draw.choice(['#', '#', ''])}{draw.choice('&&;').join(parts)}".encode()
