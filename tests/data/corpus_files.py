"""Corpora in every format that is read, for tests."""

from __future__ import annotations

import csv
import dataclasses
import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq

from mtlite.config.options import CorpusConfig, DataConfig
from mtlite.data.columns import Columns
from mtlite.data.corpus import Corpus, load_corpus

COLUMNS = Columns()
TRICKY = [
    *["NA", "null", "None", "nan", "", " ", "007", "1e5", "3.0", "2026-11-23", "true", "a\u2028b", "a\x85b", "a\x0bb"],
    *[
        "a\x0cb",
        "a\x00b",
        "a\rb",
        '"',
        '""',
        "a,b",
        "it's",
        "\\n",
        "\ufeffa",
        "e\u0301",
        "é",
        "😀",
        "#",
        "-",
        "</s>",
        "x\ry",
    ],
]


PAIRS = [(source, f"{source} {number}") for number, source in enumerate(TRICKY)]


def write(path: Path, content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


def parallel(folder: Path, pairs: Sequence[tuple[str, str]], name: str = "train") -> dict[str, Any]:
    return {
        "source": write(folder / f"{name}.de", "".join(f"{source}\n" for source, _ in pairs)),
        "target": write(folder / f"{name}.en", "".join(f"{target}\n" for _, target in pairs)),
    }


def csv_text(pairs: list[tuple[str, str]], names: tuple[str, str] = ("source", "target")) -> str:
    file = io.StringIO()
    csv.writer(file).writerows([names, *pairs])
    return file.getvalue()


def jsonl_text(pairs: list[tuple[str, str]], nested: bool = False) -> str:
    rows: list[dict] = [{"source": source, "target": target} for source, target in pairs]
    return "".join(json.dumps({"translation": row} if nested else row) + "\n" for row in rows)


def table(pairs: Sequence[tuple[Any, Any]], nested: bool = False) -> pa.Table:
    rows: list[dict] = [{"source": source, "target": target} for source, target in pairs]
    return pa.Table.from_pylist([{"translation": row} for row in rows] if nested else rows)


def parquet_bytes(pairs: Sequence[tuple[Any, Any]], nested: bool = False) -> bytes:
    file = io.BytesIO()
    pq.write_table(table(pairs, nested), file)
    return file.getvalue()


def write_pairs(folder: Path, kind: str, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    if kind.startswith("text"):
        return parallel(folder, pairs)
    path = folder / f"pairs.{kind.removeprefix('nested ')}"
    nested = kind.startswith("nested")
    if kind.endswith("folder"):
        datasets.Dataset(table(pairs, nested)).save_to_disk(path)
        return {"pairs": str(path)}
    contents: dict[str, str | bytes] = {
        "tsv": "".join(f"{source}\t{target}\n" for source, target in pairs),
        "csv": csv_text(pairs),
        "jsonl": jsonl_text(pairs, nested),
        "parquet": parquet_bytes(pairs, nested),
    }
    return {"pairs": write(path, contents[path.name.split(".")[1]])}


def save_splits(folder: Path) -> str:
    rows = {"train": PAIRS, "validation": [("dev", "dev")], "test": [("test", "test")]}
    datasets.DatasetDict({name: datasets.Dataset(table(pairs)) for name, pairs in rows.items()}).save_to_disk(folder)
    return str(folder)


def data_config(**options: Any) -> DataConfig:
    """Options of `data`, and those of one training corpus beside them: `data_config(pairs="a.tsv", held_out=3)`."""
    names = {field.name for field in dataclasses.fields(CorpusConfig)}
    train = CorpusConfig(**{name: value for name, value in options.items() if name in names})
    others = {name: value for name, value in options.items() if name not in names}
    return DataConfig(**{"train": [train], **others})


def load(folder: Path, **options: Any) -> Corpus:
    """The corpus of `data_config(**options)`, with a dev and a test set of one pair unless they are given."""
    held_out = CorpusConfig(**parallel(folder, [("held", "out")], "held"))
    return load_corpus(data_config(**{"dev": held_out, "test": held_out, **options}))
