"""Sentence pairs as ids, cached and memory-mapped by `datasets`."""

from __future__ import annotations

import hashlib
import itertools
import os
from typing import Any

import datasets
import numpy as np

from mtlite.data.tokenizer import Tokenizer, Tokenizers

_PARALLEL_FROM = 200_000  # pairs; below this, starting processes takes longer than encoding
_loaded: dict[str, Tokenizer] = {}


def _tokenizer(model: bytes) -> Tokenizer:
    """One tokenizer per model and process."""
    key = hashlib.sha256(model).hexdigest()
    if key not in _loaded:
        _loaded[key] = Tokenizer(model)
    return _loaded[key]


def _encode(batch: dict[str, list[str]], source_model: bytes, target_model: bytes) -> dict[str, Any]:
    source = _tokenizer(source_model).encode(batch["source"])
    target = _tokenizer(target_model).encode(batch["target"])
    return {
        "source_ids": source,
        "target_ids": target,
        "source_length": [len(ids) for ids in source],
        "target_length": [len(ids) for ids in target],
        "target_repeats": [sum(a == b for a, b in itertools.pairwise(ids)) for ids in target],
    }


def encode_pairs(pairs: datasets.Dataset, tokenizers: Tokenizers) -> datasets.Dataset:
    """Add ids and lengths to every pair.

    Args:
        pairs: columns `source` and `target`.
        tokenizers: of both sides.

    Returns:
        The same rows with `source_ids`, `target_ids` (int32, `</s>` at the end), `source_length`, `target_length`, and
        `target_repeats`: how often a target token equals the one before it.
    """
    integers = datasets.List(datasets.Value("int32"))
    features = datasets.Features(
        {
            **pairs.features,
            "source_ids": integers,
            "target_ids": integers,
            "source_length": datasets.Value("int32"),
            "target_length": datasets.Value("int32"),
            "target_repeats": datasets.Value("int32"),
        }
    )
    processes = min(os.cpu_count() or 1, 8) if len(pairs) >= _PARALLEL_FROM else None
    return pairs.map(
        _encode,
        batched=True,
        batch_size=2000,
        fn_kwargs={"source_model": tokenizers.source.model, "target_model": tokenizers.target.model},
        features=features,
        num_proc=processes if processes and processes > 1 else None,
    )


def length_table(encoded: datasets.Dataset) -> np.ndarray:
    """Source length, target length and target repeats of every pair: `[pairs, 3]` int32."""
    table = encoded.select_columns(["source_length", "target_length", "target_repeats"]).with_format("arrow")[:]
    return np.stack([column.to_numpy() for column in table.columns], axis=1)
