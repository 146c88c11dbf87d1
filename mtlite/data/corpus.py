"""The corpus: training pairs, dev set and test sets as memory-mapped `datasets`, whatever they are read from.

Every format is read here by the byte-wise line reader and the standard library, not by the readers of `datasets`: those
turn the sentences `NA` and `null` into missing values, `007` into 7 and `2026-11-23` into a date, and drop blank lines.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import itertools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from datasets.exceptions import DatasetGenerationError

from mtlite.config import CorpusConfig, DataConfig
from mtlite.data.limits import MAX_LINE_BYTES
from mtlite.data.lines import read_ended_lines, read_lines, split_line_end
from mtlite.errors import DataError, MtliteError, UsageError

Pair = tuple[str, str]

FEATURES = datasets.Features(source=datasets.Value("string"), target=datasets.Value("string"))
BATCH_SIZE = 1000
SMALLEST_CUT_CORPUS = 20
ENDINGS_WITHOUT_LANGUAGE = {"txt", "tsv", "csv", "src", "tgt", "trg", "ref", "raw", "tok", "bpe", "out", "dat"}


@dataclass(frozen=True)
class Corpus:
    """Sentence pairs in the columns "source" and "target".

    Args:
        train: Training pairs.
        dev: The set scored during training, as it was given.
        tests: The test sets as they were given: "test" first, then the further ones in the order of the configuration.
        source_language: Language code of the source, if known.
        target_language: Language code of the target, if known.
        notes: Sentences for the user: what was cut from the training pairs, what was inferred.
    """

    train: datasets.Dataset
    dev: datasets.Dataset
    tests: dict[str, datasets.Dataset]
    source_language: str | None
    target_language: str | None
    notes: tuple[str, ...]


# Columns


@dataclass(frozen=True)
class Columns:
    """The names that the column of each side may have; the first that exists counts."""

    source: tuple[str, ...]
    target: tuple[str, ...]

    @classmethod
    def of(cls, config: DataConfig, source_language: str | None, target_language: str | None) -> Columns:
        def names(column: str | None, language: str | None, side: str) -> tuple[str, ...]:
            return (column,) if column else (language, side) if language else (side,)

        return cls(
            names(config.source_column, source_language, "source"),
            names(config.target_column, target_language, "target"),
        )

    def choose(self, available: Sequence[str], place: str) -> Pair:
        """The column of the source and the column of the target.

        Raises:
            UsageError: One of them is not available, or both are the same.
        """
        chosen = []
        for side, names in (("source", self.source), ("target", self.target)):
            name = next((name for name in names if name in available), None)
            if name is None:
                raise UsageError(
                    f"{place}: no column {' or '.join(names)} for the {side}; available: {', '.join(available)}; "
                    f"give data.{side}_language or data.{side}_column"
                )
            if list(available).count(name) > 1:
                raise UsageError(f"{place}: more than one column {name}; give data.{side}_column, or rename one")
            chosen.append(name)
        if chosen[0] == chosen[1]:
            raise UsageError(f"{place}: source and target are both in column {chosen[0]}; give two columns")
        return chosen[0], chosen[1]


# Readers: one for each format, from paths to pairs


def read_parallel_text(source: str, target: str) -> Iterator[Pair]:
    """Pairs from two text files with the same number of lines.

    Raises:
        DataError: The numbers of lines differ, or a file cannot be read.
    """
    source_lines, target_lines = read_lines(Path(source)), read_lines(Path(target))
    for number in itertools.count():
        source_line, target_line = next(source_lines, None), next(target_lines, None)
        if source_line is None and target_line is None:
            return
        if source_line is None or target_line is None:
            source_count = number + (source_line is not None) + sum(1 for _ in source_lines)
            target_count = number + (target_line is not None) + sum(1 for _ in target_lines)
            raise DataError(
                f"{source} has {source_count:,} lines, but {target} has {target_count:,}; line n of one must be the "
                "translation of line n of the other"
            )
        yield source_line, target_line


def read_tsv(path: str, columns: Columns) -> Iterator[Pair]:
    """Pairs from lines with one tab: no header, no quoting, no column names.

    Raises:
        DataError: A line has not two columns, or the file cannot be read.
    """
    for number, line in enumerate(read_lines(Path(path)), start=1):
        sides = line.split("\t")
        if len(sides) != 2:
            raise DataError(f"{path}, line {number}: expected source, tab, target; found {len(sides)} column(s)")
        yield sides[0], sides[1]


def read_csv(path: str, columns: Columns) -> Iterator[Pair]:
    """Pairs from comma-separated values with a header.

    Raises:
        DataError: A row does not fit the header, quotes are wrong, or the file cannot be read.
        UsageError: The header lacks a column.
    """
    # The csv module takes a lone carriage return for the end of a row. While it parses, a surrogate stands for it,
    # which cannot occur in text decoded from UTF-8.
    stand_in = "\ud80d"

    def without_lone_carriage_returns() -> Iterator[str]:
        for line in read_ended_lines(Path(path)):
            text, end = split_line_end(line)
            yield text.replace("\r", stand_in) + end

    csv.field_size_limit(MAX_LINE_BYTES)
    rows = csv.reader(without_lone_carriage_returns(), strict=True)
    try:
        header = next(rows, None)
        if header is None:
            return
        source, target = (header.index(name) for name in columns.choose(header, path))
        for row in rows:
            if len(row) != len(header):
                raise DataError(
                    f"{path}, line {rows.line_num}: expected {len(header)} columns as in the header, found {len(row)}"
                )
            yield row[source].replace(stand_in, "\r"), row[target].replace(stand_in, "\r")
    except csv.Error as error:
        raise DataError(f"{path}, line {rows.line_num}: not a row of comma-separated values: {error}") from error


def read_jsonl(path: str, columns: Columns) -> Iterator[Pair]:
    """Pairs from lines with one JSON object each: {"de": …, "en": …} or {"translation": {"de": …, "en": …}}.

    Raises:
        DataError: A line is no such object, a sentence is no string, or the file cannot be read.
        UsageError: The first line lacks a column.
    """
    chosen = None
    for number, line in enumerate(read_lines(Path(path)), start=1):
        place = f"{path}, line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{place}: not JSON: {error}") from error
        if isinstance(row, dict) and isinstance(row.get("translation"), dict):
            row = row["translation"]
        if not isinstance(row, dict):
            raise DataError(f'{place}: expected an object such as {{"source": "…", "target": "…"}}')
        chosen = chosen or columns.choose(list(row), place)
        for name in chosen:
            if not isinstance(row.get(name), str):
                found = "nothing" if row.get(name) is None else f"a value of type {type(row[name]).__name__}"
                raise DataError(f"{place}: expected a string as {name!r}, found {found}")
            try:
                row[name].encode("utf-8")
            except UnicodeEncodeError as error:
                raise DataError(f"{place}: {name!r} holds half a character (a lone surrogate escape)") from error
        yield row[chosen[0]], row[chosen[1]]


def read_parquet(path: str, columns: Columns) -> Iterator[Pair]:
    """Pairs from a Parquet file with two string columns or a struct column `translation`.

    Raises:
        DataError: The file is broken, a column does not hold strings, or a sentence is missing.
        UsageError: A column is lacking.
    """
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            nested = "translation" in names and pa.types.is_struct(file.schema_arrow.field("translation").type)
            available = [field.name for field in file.schema_arrow.field("translation").type] if nested else names
            chosen = columns.choose(available, path)
            row = 0
            for batch in file.iter_batches(BATCH_SIZE, columns=["translation"] if nested else list(chosen)):
                sides = []
                for name in chosen:
                    side = pc.struct_field(batch["translation"], name) if nested else batch[name]
                    check_sentences(side, f"{path}, column {name}", row)
                    sides.append(side.to_pylist())
                yield from zip(*sides, strict=True)
                row += len(batch)
    except (pa.ArrowException, OSError, ValueError) as error:  # ValueError: a column name that is not UTF-8
        raise DataError(f"{path}: not a readable Parquet file: {first_line(error)}") from error


def check_sentences(sentences: pa.Array, place: str, rows_before: int) -> None:
    """Makes sure that an Arrow array holds nothing but sentences.

    Raises:
        DataError: It holds something else than strings, missing values, invalid UTF-8 or an endless string.
    """
    if not (pa.types.is_string(sentences.type) or pa.types.is_large_string(sentences.type)):
        raise DataError(f"{place}: expected strings, found {sentences.type}")
    if sentences.null_count:
        row = rows_before + pc.index(sentences.is_null(), True).as_py() + 1
        raise DataError(f"{place}, row {row}: expected a string, found nothing (null)")
    try:
        sentences.validate(full=True)
    except pa.ArrowInvalid as error:
        raise DataError(f"{place}, after row {rows_before}: {first_line(error)}") from error
    if len(sentences) and pc.max(pc.binary_length(sentences)).as_py() > MAX_LINE_BYTES:
        raise DataError(f"{place}, after row {rows_before}: a sentence longer than {MAX_LINE_BYTES:,} bytes")


PAIR_READERS: dict[str, Callable[[str, Columns], Iterator[Pair]]] = {
    ".tsv": read_tsv,
    ".csv": read_csv,
    ".jsonl": read_jsonl,
    ".parquet": read_parquet,
}


# From readers to data sets


def first_line(error: BaseException) -> str:
    """What an error of another library says, in one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


@contextmanager
def writing_to_cache() -> Iterator[None]:
    """Turns what can go wrong while `datasets` writes its cache into one error.

    Raises:
        DataError: The cache cannot be written.
    """
    try:
        yield
    except (OSError, DatasetGenerationError, pa.ArrowException) as error:
        cause = error.__cause__ or error
        if isinstance(cause, MtliteError):  # raised by a reader, wrapped by `datasets`
            raise cause from None
        raise DataError(
            f"cannot write the corpus to {datasets.config.HF_DATASETS_CACHE}: {first_line(cause)}; "
            "make room there, or set HF_DATASETS_CACHE to another folder"
        ) from error


def content_of(path: str) -> str:
    """The SHA-256 of a file: the cache of `datasets` must notice a changed file under an old name.

    Raises:
        DataError: The file is missing or cannot be read.
    """
    try:
        if not Path(path).exists():
            raise DataError(f"{path}: no such file")
        if not Path(path).is_file():
            raise DataError(f"{path}: not a file")
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        raise DataError(f"{path}: cannot be read: {error}") from error


def rows_of(read: Callable[..., Iterator[Pair]], arguments: dict[str, Any], content: str) -> Iterator[dict[str, str]]:
    """Pairs as rows of a data set; `content` is there for the fingerprint that the cache is found by."""
    for source, target in read(**arguments):
        yield {"source": source, "target": target}


def dataset_from_files(
    read: Callable[..., Iterator[Pair]], arguments: dict[str, Any], paths: Sequence[str]
) -> datasets.Dataset:
    """What a reader yields, in the cache of `datasets`; files with known content are not read again."""
    content = " ".join(content_of(path) for path in paths)
    if next(read(**arguments), None) is None:  # `datasets` cannot make an empty data set from a generator
        return datasets.Dataset.from_dict({"source": [], "target": []}, features=FEATURES)
    with writing_to_cache():
        return datasets.Dataset.from_generator(
            rows_of, features=FEATURES, gen_kwargs={"read": read, "arguments": arguments, "content": content}
        )


def batches_of(dataset: datasets.Dataset) -> Iterator[pa.Table]:
    """The rows as Arrow tables of a thousand rows."""
    yield from dataset.with_format("arrow").iter(BATCH_SIZE)


def pairs_of(dataset: datasets.Dataset) -> Iterator[Pair]:
    """The pairs one by one, without holding more than a thousand in memory."""
    for batch in batches_of(dataset):
        yield from zip(batch["source"].to_pylist(), batch["target"].to_pylist(), strict=True)


def normalize_columns(dataset: datasets.Dataset, columns: Columns, place: str) -> datasets.Dataset:
    """The same rows with the columns "source" and "target".

    Raises:
        DataError: A column does not hold strings, or a sentence is missing.
        UsageError: A column is lacking.
    """
    if isinstance(dataset.features.get("translation"), datasets.Translation | dict):
        dataset = dataset.select_columns("translation").flatten()
        dataset = dataset.rename_columns({name: name.removeprefix("translation.") for name in dataset.column_names})
    source, target = columns.choose(dataset.column_names, place)
    dataset = dataset.select_columns([source, target])
    rows = 0
    for batch in batches_of(dataset):
        for name in (source, target):
            check_sentences(batch[name].combine_chunks(), f"{place}, column {name}", rows)
        rows += len(batch)
    # In two steps: the columns may be called "target" and "source".
    dataset = dataset.rename_columns({source: "the source", target: "the target"})
    dataset = dataset.rename_columns({"the source": "source", "the target": "target"})
    return dataset.select_columns(["source", "target"])


def keep_rows(dataset: datasets.Dataset, keep: np.ndarray) -> datasets.Dataset:
    """The rows marked True, in order, as a data set of its own.

    `select` would keep an index of rows that makes every later slice slow, and `flatten_indices` writes row by row;
    filtering Arrow tables takes a twentieth of the time. The cache file is named by its content and stands in the cache
    of `datasets` because a folder that belongs to the user must not be written to.

    Raises:
        DataError: The cache cannot be written.
    """
    if keep.all():
        return dataset
    digest = hashlib.sha256(keep.tobytes())
    for table in batches_of(dataset):
        for batch in table.combine_chunks().to_batches():
            digest.update(batch.serialize())
    folder = Path(datasets.config.HF_DATASETS_CACHE) / "mtlite"
    with writing_to_cache():
        folder.mkdir(parents=True, exist_ok=True)
        return (
            dataset.with_format("arrow")
            .map(
                lambda table, rows: table.filter(pa.array(keep[rows])),
                with_indices=True,
                batched=True,
                batch_size=BATCH_SIZE,
                features=dataset.features,
                cache_file_name=str(folder / f"{digest.hexdigest()}.arrow"),
                new_fingerprint=digest.hexdigest(),
            )
            .with_format(None)
        )


# Where a set comes from


def is_given(config: CorpusConfig) -> bool:
    """Whether any key of a set is given."""
    return any(getattr(config, field.name) is not None for field in dataclasses.fields(config))


def training_set(config: DataConfig) -> CorpusConfig:
    """The part of the configuration that says where the training pairs come from."""
    return CorpusConfig(**{field.name: getattr(config, field.name) for field in dataclasses.fields(CorpusConfig)})


def inherit(config: CorpusConfig, training: CorpusConfig) -> CorpusConfig:
    """A set given by a split only is a split of what the training pairs come from."""
    if config.split is None or config.source or config.target or config.pairs or config.dataset:
        return config
    return dataclasses.replace(
        config,
        pairs=training.pairs,
        dataset=training.dataset,
        configuration=config.configuration or training.configuration,
    )


def load_pairs(config: CorpusConfig, columns: Columns, name: str, default_split: str | None) -> datasets.Dataset:
    """One set of pairs, called `name` in messages.

    Raises:
        UsageError: Not exactly one way is given, or options do not fit it.
        DataError: The pairs cannot be read, or there are none.
    """
    ways = [bool(config.source or config.target), bool(config.pairs), bool(config.dataset)]
    if sum(ways) != 1:
        found = "more than one" if sum(ways) else "none"
        raise UsageError(
            f"{name}: give exactly one of {name}.source with {name}.target, {name}.pairs, {name}.dataset; found {found}"
        )
    if bool(config.source) != bool(config.target):
        missing = "target" if config.source else "source"
        raise UsageError(f"{name}: one side only; give {name}.{missing} too")
    if config.configuration and not config.dataset:
        raise UsageError(f"{name}.configuration belongs to {name}.dataset, which is not given; leave it out")
    saved = bool(config.pairs) and Path(str(config.pairs)).is_dir()
    if config.split and not (config.dataset or saved):
        raise UsageError(f"{name}.split belongs to a data set or a folder made by save_to_disk; leave it out")

    if config.source and config.target:
        paths = {"source": config.source, "target": config.target}
        dataset = dataset_from_files(read_parallel_text, paths, list(paths.values()))
    elif config.dataset:
        dataset = load_from_hub(config, name, config.split or default_split)
        dataset = normalize_columns(dataset, columns, f"{name}.dataset {config.dataset}")
    elif saved:
        dataset = load_saved(str(config.pairs), name, config.split, default_split)
        dataset = normalize_columns(dataset, columns, str(config.pairs))
    else:
        path = str(config.pairs)
        ending = Path(path.removesuffix(".gz")).suffix
        if ending not in PAIR_READERS or path.endswith(".parquet.gz"):
            raise UsageError(
                f"{name}.pairs: expected a file ending in {', '.join(PAIR_READERS)} (or gzipped, but not .parquet), or "
                f"a folder made by save_to_disk; found {path}"
            )
        dataset = dataset_from_files(PAIR_READERS[ending], {"path": path, "columns": columns}, [path])
    if not len(dataset):
        raise DataError(f"{name}: no sentence pairs in {config.source or config.pairs or config.dataset}")
    return dataset


def load_from_hub(config: CorpusConfig, name: str, split: str | None) -> datasets.Dataset:
    """A data set of the Hugging Face Hub.

    Raises:
        UsageError: There is no such configuration or split.
        DataError: It cannot be loaded.
    """
    try:
        loaded = datasets.load_dataset(config.dataset, config.configuration, split=split)
    except Exception as error:  # the Hub client lets errors of several libraries through
        kind = UsageError if isinstance(error, ValueError) else DataError
        raise kind(
            f"{name}.dataset: cannot load {config.dataset} from the Hugging Face Hub: {first_line(error)}; without the "
            f"Hub, give local files: {name}.source with {name}.target, or {name}.pairs"
        ) from error
    return pick_split(loaded, name, None, None)


def load_saved(folder: str, name: str, split: str | None, default_split: str | None) -> datasets.Dataset:
    """A data set or one split of a dictionary of data sets, as save_to_disk left it.

    Raises:
        UsageError: There is no such split.
        DataError: The folder is of another kind, or broken.
    """
    try:
        loaded = datasets.load_from_disk(folder)
    except Exception as error:  # a broken folder fails in JSON, Arrow, `datasets` or the file system
        raise DataError(f"{folder}: not a folder made by save_to_disk: {first_line(error)}") from error
    return pick_split(loaded, name, split, default_split)


def pick_split(
    loaded: datasets.Dataset | datasets.DatasetDict, name: str, split: str | None, default_split: str | None
) -> datasets.Dataset:
    """The split asked for; else the default one, if there is one; else the only one.

    Raises:
        UsageError: There is no such split, or no choice between several.
    """
    if isinstance(loaded, datasets.Dataset):
        if split:
            raise UsageError(f"{name}.split: the folder holds a single data set, no split {split}; leave it out")
        return loaded
    if split is None:
        split = default_split if default_split in loaded or len(loaded) != 1 else next(iter(loaded))
    if split not in loaded:
        wanted = f"no split {split}" if split else "several splits"
        raise UsageError(f"{name}.split: {wanted}; give one of: {', '.join(loaded)}")
    return loaded[split]


def language_of(path: str | None) -> str | None:
    """The language code that a file name ends in, as in `train.en.gz`."""
    ending = Path((path or "").removesuffix(".gz")).suffix.removeprefix(".")
    return ending if re.fullmatch("[a-z]{2,3}", ending) and ending not in ENDINGS_WITHOUT_LANGUAGE else None


# Cutting dev and test sets from the training pairs


def cut(
    train: datasets.Dataset, names: Sequence[str], held_out: int, seed: int
) -> tuple[datasets.Dataset, dict[str, datasets.Dataset], list[str]]:
    """Cuts a set for every name from the training pairs; no source sentence is on two sides of a cut.

    The order of the source sentences is that of their hashes, which the seed is a part of: a sentence that is added to
    the corpus does not move the others. In memory are two hashes a pair.

    Raises:
        UsageError: Nothing is to be held out.
        DataError: There are too few pairs, or too many with the same source.
    """
    if held_out < 1:
        raise UsageError(
            f"data.held_out: expected at least 1, found {held_out}; or give data.{' and data.'.join(names)}"
        )
    key = str(seed).encode()
    hashes = np.empty((len(train), 2), dtype=np.uint64)
    for row, (source, target) in enumerate(pairs_of(train)):
        source_hash = hashlib.blake2b(source.encode(), digest_size=8, key=key).digest()
        pair_hash = hashlib.blake2b(source_hash + target.encode(), digest_size=8).digest()
        hashes[row] = int.from_bytes(source_hash, "big"), int.from_bytes(pair_hash, "big")
    source_hashes, pair_hashes = hashes.T
    first_copies = np.unique(pair_hashes, return_index=True)[1]
    if len(first_copies) < SMALLEST_CUT_CORPUS:
        raise DataError(
            f"data: {len(first_copies)} different training pairs are too few to cut a {names[0]} set from (at least "
            f"{SMALLEST_CUT_CORPUS}); give data.{' and data.'.join(names)}"
        )
    size = min(held_out, len(first_copies) // 10)
    sources, pairs_with_source = np.unique(source_hashes[first_copies], return_counts=True)
    is_first_copy = np.zeros(len(train), dtype=bool)
    is_first_copy[first_copies] = True
    left = np.ones(len(train), dtype=bool)
    free = np.ones(len(sources), dtype=bool)
    parts, notes = {}, []
    for name in names:
        taken, room = [], size
        for index in np.flatnonzero(free):
            if pairs_with_source[index] <= room:
                taken.append(index)
                room -= pairs_with_source[index]
                if not room:
                    break
        if not taken:
            raise DataError(
                f"data: cannot cut a {name} set from the training pairs: every source sentence has more than {size} "
                f"translations; give data.{name}"
            )
        free[taken] = False
        chosen = np.isin(source_hashes, sources[taken])
        left &= ~chosen
        parts[name] = keep_rows(train, chosen & is_first_copy)
        notes.append(
            f"{len(parts[name]):,} of {len(train):,} training pairs were cut out as the {name} set "
            f"(held_out {held_out}, seed {seed}); none of their source sentences is left in the training pairs."
        )
    return keep_rows(train, left), parts, notes


# All together


def load_corpus(config: DataConfig, seed: int) -> Corpus:
    """Reads every set of the configuration; a missing dev or test set is cut from the training pairs by the seed.

    Raises:
        UsageError: The options do not say exactly where each set comes from, or name what does not exist.
        DataError: A set cannot be read as it is.
    """
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    huggingface_hub.utils.logging.set_verbosity_error()
    if "test" in config.tests:
        raise UsageError("data.tests.test: the name test belongs to data.test; choose another name")
    source_language = config.source_language or language_of(config.source)
    target_language = config.target_language or language_of(config.target)
    notes = []
    if source_language and not config.source_language:
        notes.append(f"The source language is {source_language}, by the ending of {config.source}.")
    if target_language and not config.target_language:
        notes.append(f"The target language is {target_language}, by the ending of {config.target}.")
    columns = Columns.of(config, source_language, target_language)
    training = training_set(config)
    train = load_pairs(training, columns, "data", "train")
    sets = {"test": config.test, "dev": config.dev}
    given_sets = {
        name: load_pairs(inherit(where, training), columns, f"data.{name}", None)
        for name, where in sets.items()
        if is_given(where)
    }
    further = {
        name: load_pairs(inherit(where, training), columns, f"data.tests.{name}", None)
        for name, where in config.tests.items()
    }
    missing = [name for name in sets if name not in given_sets]
    if missing:
        train, parts, cut_notes = cut(train, missing, config.held_out, seed)
        given_sets |= parts
        notes += cut_notes
    return Corpus(
        train=train,
        dev=given_sets["dev"],
        tests={"test": given_sets["test"], **further},
        source_language=source_language,
        target_language=target_language,
        notes=tuple(notes),
    )
