"""Pairs in the cache: memory-mapped by `datasets`, so that a corpus need not fit in memory."""

from __future__ import annotations

import contextlib
import hashlib
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa

from mtlite.data.columns import Columns
from mtlite.data.readers import Pair, PairWithGaps, checked_sentences, first_line
from mtlite.errors import DataError, RunError
from mtlite.limits import open_file
from mtlite.storage.cache import the_cache
from mtlite.storage.tensors import load_arrays, save_arrays
from mtlite.version import __version__

FEATURES = datasets.Features(source=datasets.Value("string"), target=datasets.Value("string"))
ROWS_AT_ONCE = 10_000  # in a part of a file; opening a file reads a little of every part: many small ones take long
_BATCH_SIZE = 1000
_CHARACTERS_AT_ONCE = 1 << 26  # in a part, whatever the length of the lines
_ROWS, _ARRAYS = "rows.arrow", "arrays.safetensors"
_PACKAGES = ("numpy", "pyarrow", "datasets", "sentencepiece", "langcodes")  # that the content of an entry depends on

Tables = Iterator[pa.Table]


@contextlib.contextmanager
def writing_to_cache() -> Iterator[None]:
    """Turn what can go wrong while the cache is written into a `DataError`."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        problem = f"cannot write the corpus to {datasets.config.HF_DATASETS_CACHE}: {first_line(error)}"
        raise DataError(f"{problem}; make room there, or set HF_DATASETS_CACHE to another folder") from error


@cache
def _rules() -> str:
    """The SHA-256 of the source of this folder and of languages: all rules by which text becomes ids."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in [*sorted(folder.glob("*.py")), folder.parent / "languages.py"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _made_by() -> list[str]:
    """What every entry depends on beside its own key."""
    packages = [f"{name} {version(name)}" for name in _PACKAGES]
    return [f"mtlite {__version__}", _rules(), f"Unicode {unicodedata.unidata_version}", *packages]


def cached_rows(
    what: str, key: Sequence[str], features: datasets.Features, tables: Callable[[], Tables], origin: str = ""
) -> datasets.Dataset:
    """Rows that depend on `key` alone, made once, then memory-mapped from the cache.

    The checksum of the key is the fingerprint of the data set.
    """
    schema = features.arrow_schema

    def make(folder: Path) -> None:
        with open(folder / _ROWS, "wb") as file, pa.ipc.new_stream(file, schema) as writer:
            for table in _read(tables()):
                writer.write_table(table.cast(schema), max_chunksize=ROWS_AT_ONCE)

    with writing_to_cache():
        path = the_cache().open(what, [*key, str(features), *_made_by()], make, origin)
        dataset = datasets.Dataset.from_file(str(path / _ROWS))
    dataset._fingerprint = path.name
    return dataset


def _read(tables: Tables) -> Tables:
    """The same tables; what cannot be read is not taken for a cache that cannot be written."""
    try:
        yield from tables
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"the corpus cannot be read: {first_line(error)}: check its files") from error


def cached_arrays(key: Sequence[str], make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Arrays that depend on `key` alone, made once, then read from the cache. The key begins with what they are."""
    what, *rest = key

    def save(folder: Path) -> None:
        arrays = make()
        try:
            save_arrays(folder / _ARRAYS, arrays, {})
        except RunError as error:
            place = f"the cache is in {datasets.config.HF_DATASETS_CACHE}, or where HF_DATASETS_CACHE says"
            raise DataError(f"{error}; {place}") from error

    with writing_to_cache():
        path = the_cache().open(what, [*rest, *_made_by()], save)
    return load_arrays(path / _ARRAYS)[0]


def _content_of(path: str) -> str:
    """The SHA-256 of a file: the cache must notice a changed file under an old name."""
    try:
        with open_file(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}): give a file that may be read") from error


def dataset_from_files(
    read: Callable[..., Iterator[PairWithGaps]], arguments: dict[str, Any], paths: Sequence[str]
) -> datasets.Dataset:
    """Put what a reader yields into the cache; files with known content are not read again, wherever they lie."""
    with ThreadPoolExecutor() as pool:
        content = list(pool.map(_content_of, paths))
    options = {name: value for name, value in arguments.items() if value not in paths}
    endings = [Path(path).suffix for path in paths]  # .gz is read in another way
    key = [read.__name__, repr(sorted(options.items())), *endings, *content]
    origin = ", ".join(Path(path).name for path in paths)
    return cached_rows("pairs", key, FEATURES, lambda: _tables(read(**arguments)), origin)


def _tables(pairs: Iterator[PairWithGaps]) -> Tables:
    """Pairs in tables of a size that fits in memory."""
    sides: tuple[list[str | None], list[str | None]] = [], []
    characters = 0
    for source, target in pairs:
        sides[0].append(source)
        sides[1].append(target)
        characters += len(source or "") + len(target or "")
        if len(sides[0]) == ROWS_AT_ONCE or characters >= _CHARACTERS_AT_ONCE:
            yield pa.table(dict(zip(FEATURES, sides, strict=True)), FEATURES.arrow_schema)
            sides, characters = ([], []), 0
    yield pa.table(dict(zip(FEATURES, sides, strict=True)), FEATURES.arrow_schema)


def tables_of(dataset: datasets.Dataset) -> Tables:
    """The rows of a data set, some thousands at a time."""
    yield from dataset.with_format("arrow").iter(ROWS_AT_ONCE)


def pairs_of(dataset: datasets.Dataset) -> Iterator[Pair]:
    """Yield the pairs one by one, without holding more than a thousand in memory."""
    for batch in dataset.with_format("arrow").iter(_BATCH_SIZE):
        yield from zip(batch["source"].to_pylist(), batch["target"].to_pylist(), strict=True)


def known_digest(pairs: datasets.Dataset) -> str:
    """What `digest_of` says of pairs in the cache, read from there."""

    def make() -> dict[str, np.ndarray]:
        return {"digest": np.frombuffer(bytes.fromhex(digest_of(pairs)), np.uint8)}

    return cached_arrays(["fingerprint", pairs._fingerprint], make)["digest"].tobytes().hex()


def digest_of(pairs: datasets.Dataset) -> str:
    """The SHA-256 of the sentences and their order, however they are stored."""
    digest = hashlib.sha256()
    for table in tables_of(pairs.select_columns(["source", "target"])):
        for column in table.columns:
            sentences = column.combine_chunks().cast(pa.large_string())
            _, offsets, text = sentences.buffers()
            ends = np.frombuffer(offsets, np.int64)[sentences.offset : sentences.offset + len(sentences) + 1]
            digest.update((ends - ends[0]).tobytes())
            digest.update(memoryview(text)[ends[0] : ends[-1]] if text else b"")
            if sentences.null_count:
                digest.update(np.packbits(sentences.is_null()).tobytes())
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
            try:
                sentences = batch[name].combine_chunks()
            except pa.ArrowException as error:  # parts of a table that are not where it says
                raise DataError(f"{where}, column {name}, is damaged: {first_line(error)}") from None
            checked_sentences(sentences, f"{where}, column {name}", number * _BATCH_SIZE)
    # In two steps: the columns may be called "target" and "source".
    dataset = dataset.rename_columns({source: "the source", target: "the target"})
    dataset = dataset.rename_columns({"the source": "source", "the target": "target"})
    dataset._fingerprint = digest_of(dataset)  # `datasets` believes what a saved folder says, also of altered files
    kept = {"string", "large_string"} >= {feature.dtype for feature in dataset.features.values()}
    return dataset if kept else _with_plain_strings(dataset)


def rows_with_gaps(pairs: datasets.Dataset) -> np.ndarray:
    """True for every row of which a side is missing (null)."""
    sides = ("source", "target")
    if not any(pairs.data.column(side).null_count for side in sides):  # what Arrow knows without looking
        return np.zeros(len(pairs), dtype=bool)
    return np.concatenate(
        [np.logical_or(*(table[side].is_null().to_numpy() for side in sides)) for table in tables_of(pairs)]
    )


def join(parts: Sequence[datasets.Dataset]) -> datasets.Dataset:
    """Join data sets one after the other; one alone stays as it is."""
    if len(parts) == 1:
        return parts[0]
    with writing_to_cache():
        joined = datasets.concatenate_datasets([_with_plain_strings(part) for part in parts])
    joined._fingerprint = hashlib.sha256(" ".join(part._fingerprint for part in parts).encode()).hexdigest()
    return joined


def _with_plain_strings(pairs: datasets.Dataset) -> datasets.Dataset:
    """Turn columns of other strings into those of strings: two kinds cannot be joined."""
    if pairs.features == FEATURES:
        return pairs
    return cached_rows("pairs", [pairs._fingerprint, str(pairs.features)], FEATURES, lambda: tables_of(pairs))


def keep_rows(dataset: datasets.Dataset, keep: np.ndarray) -> datasets.Dataset:
    """Return the rows marked True, in order, as a data set of its own.

    `select` would keep an index of rows that makes every later slice slow, and `flatten_indices` writes row by row;
    filtering Arrow tables takes a twentieth of the time.
    """
    if keep.all():
        return dataset

    def kept() -> Tables:
        start = 0
        for table in tables_of(dataset):
            yield table.filter(pa.array(keep[start : start + len(table)]))
            start += len(table)

    key = [dataset._fingerprint, hashlib.sha256(np.packbits(keep).tobytes()).hexdigest()]
    return cached_rows("a part of the pairs", key, dataset.features, kept)
