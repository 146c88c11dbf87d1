"""Pairs in the cache of `datasets`: memory-mapped, so that a corpus need not fit in memory."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
from datasets.exceptions import DatasetGenerationError

from mtlite.data.readers import Columns, Pair, check_sentences, first_line
from mtlite.errors import DataError, MtliteError, RunError
from mtlite.storage.tensors import load_arrays, save_arrays
from mtlite.version import __version__

FEATURES = datasets.Features(source=datasets.Value("string"), target=datasets.Value("string"))
_BATCH_SIZE = 1000
ROWS_AT_ONCE = 10_000  # in a part of a file; opening a file reads a little of every part: many small ones take long


@contextlib.contextmanager
def writing_to_cache() -> Iterator[None]:
    """Turn what can go wrong while `datasets` writes its cache into a `DataError`."""
    try:
        yield
    except (OSError, DatasetGenerationError, pa.ArrowException) as error:
        cause = error.__cause__ or error
        if isinstance(cause, MtliteError):  # raised by a reader, wrapped by `datasets`
            raise cause from None
        problem = f"cannot write the corpus to {datasets.config.HF_DATASETS_CACHE}: {first_line(cause)}"
        raise DataError(f"{problem}; make room there, or set HF_DATASETS_CACHE to another folder") from error


def _content_of(path: str) -> str:
    """The SHA-256 of a file: the cache of `datasets` must notice a changed file under an old name."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        reason = error.strerror or error if isinstance(error, OSError) else error
        raise DataError(f"{path}: cannot be read ({reason}): give a file that may be read") from error


def rows_of(read: Callable[..., Iterator[Pair]], arguments: dict[str, Any], content: str) -> Iterator[dict[str, str]]:
    """Pairs as rows of a data set; `content` is there for the fingerprint that the cache is found by."""
    for source, target in read(**arguments):
        yield {"source": source, "target": target}


def dataset_from_files(
    read: Callable[..., Iterator[Pair]], arguments: dict[str, Any], paths: Sequence[str]
) -> datasets.Dataset:
    """Put what a reader yields into the cache of `datasets`; files with known content are not read again."""
    with ThreadPoolExecutor() as pool:
        content = " ".join(pool.map(_content_of, paths))
    if next(read(**arguments), None) is None:  # `datasets` cannot make an empty data set from a generator
        return datasets.Dataset.from_dict({"source": [], "target": []}, features=FEATURES)
    keywords = {"read": read, "arguments": arguments, "content": content}
    with writing_to_cache():
        return datasets.Dataset.from_generator(
            rows_of, features=FEATURES, gen_kwargs=keywords, writer_batch_size=ROWS_AT_ONCE
        )


def cached_arrays(key: Sequence[str], make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Make arrays that depend on `key` alone, once; then read them from the cache of `datasets`."""
    digest = hashlib.sha256("\0".join([*key, __version__]).encode()).hexdigest()
    path = cache_folder() / f"{digest}.safetensors"
    with contextlib.suppress(RunError):  # not there yet, or damaged
        arrays, facts = load_arrays(path)
        if facts == {"key": digest}:
            return arrays
    arrays = make()
    try:
        save_arrays(path, arrays, {"key": digest})
    except RunError as error:
        place = f"the cache is in {datasets.config.HF_DATASETS_CACHE}, or where HF_DATASETS_CACHE says"
        raise DataError(f"{error}; {place}") from error
    return arrays


def cache_folder() -> Path:
    """Where this project keeps its part of the cache of `datasets`."""
    folder = Path(datasets.config.HF_DATASETS_CACHE) / "mtlite"
    with writing_to_cache():
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def pairs_of(dataset: datasets.Dataset) -> Iterator[Pair]:
    """Yield the pairs one by one, without holding more than a thousand in memory."""
    for batch in dataset.with_format("arrow").iter(_BATCH_SIZE):
        yield from zip(batch["source"].to_pylist(), batch["target"].to_pylist(), strict=True)


def digest_of(pairs: datasets.Dataset) -> str:
    """The SHA-256 of the sentences and their order, however they are stored."""
    digest = hashlib.sha256()
    for table in pairs.select_columns(["source", "target"]).with_format("arrow").iter(batch_size=10_000):
        for column in table.columns:
            sentences = column.combine_chunks().cast(pa.large_string())
            _, offsets, text = sentences.buffers()
            ends = np.frombuffer(offsets, np.int64)[sentences.offset : sentences.offset + len(sentences) + 1]
            digest.update((ends - ends[0]).tobytes())
            digest.update(memoryview(text)[ends[0] : ends[-1]] if text else b"")
    return digest.hexdigest()


def normalize_columns(dataset: datasets.Dataset, columns: Columns, where: str) -> datasets.Dataset:
    """Return the same rows with the columns "source" and "target"."""
    if isinstance(dataset.features.get("translation"), datasets.Translation | dict):
        dataset = dataset.select_columns("translation").flatten()
        dataset = dataset.rename_columns({name: name.removeprefix("translation.") for name in dataset.column_names})
    source, target = columns.choose(dataset.column_names, where)
    dataset = dataset.select_columns([source, target])
    for number, batch in enumerate(dataset.with_format("arrow").iter(_BATCH_SIZE)):
        for name in (source, target):
            check_sentences(batch[name].combine_chunks(), f"{where}, column {name}", number * _BATCH_SIZE)
    # In two steps: the columns may be called "target" and "source".
    dataset = dataset.rename_columns({source: "the source", target: "the target"})
    dataset = dataset.rename_columns({"the source": "source", "the target": "target"})
    dataset._fingerprint = digest_of(dataset)  # `datasets` believes what a saved folder says, also of altered files
    return dataset


def join(parts: Sequence[datasets.Dataset]) -> datasets.Dataset:
    """Join data sets one after the other; one alone stays as it is."""
    if len(parts) == 1:
        return parts[0]
    with writing_to_cache():
        joined = datasets.concatenate_datasets([_with_plain_strings(part) for part in parts])
    joined._fingerprint = hashlib.sha256(" ".join(part._fingerprint for part in parts).encode()).hexdigest()
    return joined


def _with_plain_strings(pairs: datasets.Dataset) -> datasets.Dataset:
    """Turn columns of large strings into those of strings: the two cannot be joined."""
    if pairs.features == FEATURES:
        return pairs
    return pairs.cast(FEATURES, cache_file_name=str(cache_folder() / f"{pairs._fingerprint}.cast.arrow"))


def keep_rows(dataset: datasets.Dataset, keep: np.ndarray) -> datasets.Dataset:
    """Return the rows marked True, in order, as a data set of its own.

    `select` would keep an index of rows that makes every later slice slow, and `flatten_indices` writes row by row;
    filtering Arrow tables takes a twentieth of the time.
    """
    if keep.all():
        return dataset
    key = f"{dataset._fingerprint} {np.packbits(keep).tobytes().hex()}"

    def kept(table: pa.Table, rows: list[int]) -> pa.Table:
        return table.filter(pa.array(keep[rows]))

    return map_cached(dataset.with_format("arrow"), kept, key, dataset.features, with_indices=True).with_format(None)


def map_cached(
    dataset: datasets.Dataset, function: Callable[..., Any], key: str, features: datasets.Features, **options: Any
) -> datasets.Dataset:
    """Map a data set, many rows at once; once for a `key`.

    The result stands in the cache: a folder that belongs to the user must not be written to.
    """
    digest = hashlib.sha256(key.encode()).hexdigest()
    options |= {"batched": True, "batch_size": ROWS_AT_ONCE, "writer_batch_size": ROWS_AT_ONCE}
    path = str(cache_folder() / f"{digest}.arrow")
    with writing_to_cache():
        return dataset.map(function, features=features, cache_file_name=path, new_fingerprint=digest, **options)
