"""One set of sentence pairs, from wherever it is: text files, a file of pairs, a saved folder, the Hugging Face Hub.

Options that do not fit together or name what does not exist raise a `UsageError`, pairs that cannot be read a
`DataError`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import datasets

from mtlite.config.options import CorpusConfig
from mtlite.data.cache import dataset_from_files, keep_rows, normalize_columns, rows_with_gaps
from mtlite.data.columns import Columns
from mtlite.data.layout import Layout
from mtlite.data.readers import LAYOUTS, PAIR_READERS, Recognise, first_line, read_parallel_text
from mtlite.data.saved_folder import check_saved_folder
from mtlite.errors import DataError, UsageError


def check_location(config: CorpusConfig, name: str) -> None:
    """Refuse a set, called `name` in messages, that cannot be where it is said to be, before another one is read."""
    ways = [bool(config.source or config.target), bool(config.pairs), bool(config.dataset)]
    if sum(ways) != 1:
        expected = f"exactly one of {name}.source with {name}.target, {name}.pairs, {name}.dataset"
        raise UsageError(f"{name}: expected {expected}; received {'more than one' if sum(ways) else 'none'}")
    if bool(config.source) != bool(config.target):
        raise UsageError(f"{name}: one side only; give {name}.{'target' if config.source else 'source'} too")
    if config.configuration and not config.dataset:
        raise UsageError(f"{name}.configuration belongs to {name}.dataset, which is not given; leave it out")
    if config.split and not (config.dataset or _is_folder(config)):
        raise UsageError(f"{name}.split belongs to a data set or a folder made by save_to_disk; leave it out")
    if config.header is not None and not _recognise(config):
        kinds = ", ".join(ending for ending, reader in PAIR_READERS.items() if reader in LAYOUTS)
        raise UsageError(f"{name}.header belongs to a file of pairs in rows ({kinds}); leave it out")
    if not _is_folder(config):
        _check_files(config, name)
    for path in config.references:
        _check_file(path, f"{name}.references")


def _check_files(config: CorpusConfig, name: str) -> None:
    if config.pairs and _ending(config.pairs) not in PAIR_READERS:
        endings = f"{', '.join(PAIR_READERS)} (all but Parquet may be gzipped)"
        expected = f"a file ending in {endings}, or a folder made by save_to_disk"
        raise UsageError(f"{name}.pairs: expected {expected}; received {config.pairs}")
    for option in ("source", "target", "pairs"):
        if path := getattr(config, option):
            _check_file(path, f"{name}.{option}")


def _check_file(path: str, option: str) -> None:
    if not Path(path).is_file():
        problem = "not a file" if Path(path).exists() else "no such file"
        raise DataError(f"{option} {path}: {problem}; give the path of one, from {Path.cwd()} or in full")


def _is_folder(config: CorpusConfig) -> bool:
    """Whether the pairs are in a folder, as save_to_disk makes them."""
    return config.pairs is not None and Path(config.pairs).is_dir()


def _ending(path: str) -> str:
    """What tells the format of a file, as in `pairs.tsv.gz`."""
    return Path(path if path.endswith(".parquet.gz") else path.removesuffix(".gz")).suffix


def _recognise(config: CorpusConfig) -> Recognise | None:
    """What recognises the layout of this set; None if it is no file of rows."""
    if not config.pairs or _is_folder(config):
        return None
    reader = PAIR_READERS.get(_ending(config.pairs))
    return LAYOUTS.get(reader) if reader else None


def has_columns(config: CorpusConfig) -> bool:
    """Whether a set has columns to choose from."""
    return not config.source


def layout_of(config: CorpusConfig, columns: Columns) -> Layout | None:
    """How the rows of a set hold pairs, as far as it is a file of rows and not empty."""
    recognise = _recognise(config)
    return recognise(str(config.pairs), replace(columns, header=config.header)) if recognise else None


def load_pairs(config: CorpusConfig, columns: Columns, name: str, default_split: str | None) -> datasets.Dataset:
    """Load a set of pairs, called `name` in messages, whose location `check_location` has let through.

    A side may be missing (null) where the format knows of that: `without_gaps` is next.
    """
    if config.source and config.target:
        paths = {"source": config.source, "target": config.target}
        dataset = dataset_from_files(read_parallel_text, paths, list(paths.values()))
    elif config.dataset:
        dataset = _load_from_hub(config, name, config.split or default_split)
        dataset = normalize_columns(dataset, columns, f"{name}.dataset {config.dataset}")
    elif _is_folder(config):
        dataset = _load_folder(str(config.pairs), name, config.split, default_split)
        dataset = normalize_columns(dataset, columns, str(config.pairs))
    else:
        path, columns = str(config.pairs), replace(columns, header=config.header)
        dataset = dataset_from_files(PAIR_READERS[_ending(path)], {"path": path, "columns": columns}, [path])
    if not len(dataset):
        raise DataError(f"{name}: no sentence pairs in {config.source or config.pairs or config.dataset}")
    return dataset


def without_gaps(dataset: datasets.Dataset, name: str, training: bool) -> tuple[datasets.Dataset, list[str]]:
    """Leave out training pairs of which a side is missing (null), and say how many; refuse them in other sets."""
    gaps = rows_with_gaps(dataset)
    if not gaps.any():
        return dataset, []
    if gaps.all():
        raise DataError(f"{name}: no sentence pairs, each has a side that is missing (null)")
    if not training:
        problem = f"expected sentences, received nothing (null) in row {int(gaps.argmax()) + 1}"
        raise DataError(f"{name}: {problem}; such a set is scored as it is: remove the row")
    count = f"{int(gaps.sum()):,} of {len(dataset):,} pairs of {name}"
    return keep_rows(dataset, ~gaps), [f"{count} were left out: a side is missing (null)."]


def _load_from_hub(config: CorpusConfig, name: str, split: str | None) -> datasets.Dataset:
    """A data set of the Hugging Face Hub."""
    try:
        loaded = datasets.load_dataset(config.dataset, config.configuration, split=split)
    except Exception as error:  # the Hub client lets errors of several libraries through
        kind = UsageError if isinstance(error, ValueError) else DataError
        problem = f"cannot load {config.dataset} from the Hugging Face Hub: {first_line(error)}"
        remedy = f"without the Hub, give local files: {name}.source with {name}.target, or {name}.pairs"
        raise kind(f"{name}.dataset: {problem}; {remedy}") from error
    return _pick_split(loaded, name, None, None)


def _load_folder(folder: str, name: str, split: str | None, default_split: str | None) -> datasets.Dataset:
    """A data set or one split of a dictionary of data sets, as save_to_disk left it."""
    check_saved_folder(Path(folder))
    try:
        loaded = datasets.load_from_disk(folder)
    except Exception as error:  # a broken folder fails in JSON, Arrow, `datasets` or the file system
        raise DataError(f"{folder}: not a folder made by save_to_disk: {first_line(error)}") from error
    return _pick_split(loaded, name, split, default_split)


def _pick_split(
    loaded: datasets.Dataset | datasets.DatasetDict, name: str, split: str | None, default_split: str | None
) -> datasets.Dataset:
    """The split asked for; else the default one, if there is one; else the only one."""
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
