"""Sentence pairs as ids, cached and memory-mapped by `datasets`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import datasets
import numpy as np
import pyarrow as pa

from mtlite.data.cache import cached_rows, tables_of
from mtlite.data.tokenizer import Tokenizers

_LENGTHS = ["source_length", "target_length", "target_repeats"]


def _encode(table: pa.Table, tokenizers: Tokenizers) -> pa.Table:
    source = tokenizers.source.encode(table["source"].to_pylist())
    target = tokenizers.target.encode(table["target"].to_pylist())
    columns = {
        "source_ids": source,
        "target_ids": target,
        "source_length": [len(ids) for ids in source],
        "target_length": [len(ids) for ids in target],
        "target_repeats": [sum(a == b for a, b in itertools.pairwise(ids)) for ids in target],
    }
    for name, column in columns.items():
        table = table.append_column(name, pa.array(column, pa.int32() if name in _LENGTHS else pa.list_(pa.int32())))
    return table


def encode_pairs(pairs: datasets.Dataset, tokenizers: Tokenizers) -> datasets.Dataset:
    """Add `source_ids`, `target_ids` (int32, `</s>` at the end), `source_length`, `target_length` and `target_repeats`.

    The last is how often a target token equals the one before it. The result stands in the cache of `datasets`, never
    beside the corpus, which may be somebody's own folder; the same pairs and tokenizers are encoded once.
    """
    integer = datasets.Value("int32")
    ids = dict.fromkeys(("source_ids", "target_ids"), datasets.List(integer))
    features = datasets.Features({**pairs.features, **ids, **dict.fromkeys(_LENGTHS, integer)})

    def encoded() -> Iterator[pa.Table]:
        for table in tables_of(pairs):
            yield _encode(table, tokenizers)

    return cached_rows(
        "encoded pairs", [pairs._fingerprint, tokenizers.source.sha256, tokenizers.target.sha256], features, encoded
    )


def length_table(encoded: datasets.Dataset) -> np.ndarray:
    """Return source length, target length and target repeats of every pair: `[pairs, 3]` int32."""
    table = encoded.select_columns(_LENGTHS).with_format("arrow")[:]
    return np.stack([column.to_numpy() for column in table.columns], axis=1)
