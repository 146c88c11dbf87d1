"""Sentence pairs as ids, cached and memory-mapped by `datasets`."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

import datasets
import numpy as np
import sentencepiece

from mtlite.data.cache import map_cached
from mtlite.data.tokenizer import Tokenizer, Tokenizers

_LENGTHS = ["source_length", "target_length", "target_repeats"]
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
    """Add `source_ids`, `target_ids` (int32, `</s>` at the end), `source_length`, `target_length` and `target_repeats`.

    The last is how often a target token equals the one before it. The result stands in the cache of `datasets`, never
    beside the corpus, which may be somebody's own folder; the same pairs and tokenizers are encoded once.
    """
    integer = datasets.Value("int32")
    ids = dict.fromkeys(("source_ids", "target_ids"), datasets.List(integer))
    features = datasets.Features({**pairs.features, **ids, **dict.fromkeys(_LENGTHS, integer)})
    source, target = tokenizers.source, tokenizers.target
    key = f"{pairs._fingerprint} {source.sha256} {target.sha256} {sentencepiece.__version__}"
    models = {"source_model": source.model, "target_model": target.model}
    return map_cached(pairs, _encode, key, features, fn_kwargs=models)


def length_table(encoded: datasets.Dataset) -> np.ndarray:
    """Return source length, target length and target repeats of every pair: `[pairs, 3]` int32."""
    table = encoded.select_columns(_LENGTHS).with_format("arrow")[:]
    return np.stack([column.to_numpy() for column in table.columns], axis=1)
