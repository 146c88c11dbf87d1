"""Sentence pairs as ids, cached and memory-mapped by `datasets`."""

from __future__ import annotations

import hashlib
import itertools
from functools import cache
from typing import Any

import datasets
import numpy as np
import sentencepiece

from mtlite.data.cache import ROWS_AT_ONCE, cache_folder, writing_to_cache
from mtlite.data.tokenizer import Tokenizer, Tokenizers

_tokenizer = cache(Tokenizer)  # one for a model and process


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

    The result stands in the cache of `datasets`, never beside the corpus, which may be somebody's own folder; the same
    pairs and tokenizers are encoded once.

    Raises:
        DataError: if the cache cannot be written.

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
    models = tokenizers.source.model, tokenizers.target.model
    key = [pairs._fingerprint, *(hashlib.sha256(model).hexdigest() for model in models), sentencepiece.__version__]
    digest = hashlib.sha256(" ".join(key).encode()).hexdigest()
    folder = cache_folder()
    with writing_to_cache():
        return pairs.map(
            _encode,
            batched=True,
            batch_size=ROWS_AT_ONCE,
            writer_batch_size=ROWS_AT_ONCE,
            fn_kwargs={"source_model": models[0], "target_model": models[1]},
            features=features,
            cache_file_name=str(folder / f"{digest}.arrow"),
            new_fingerprint=digest,
        )


def length_table(encoded: datasets.Dataset) -> np.ndarray:
    """Source length, target length and target repeats of every pair: `[pairs, 3]` int32."""
    table = encoded.select_columns(["source_length", "target_length", "target_repeats"]).with_format("arrow")[:]
    return np.stack([column.to_numpy() for column in table.columns], axis=1)
