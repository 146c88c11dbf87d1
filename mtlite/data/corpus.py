"""The corpus: training pairs, dev set and test sets as memory-mapped `datasets`, whatever they are read from."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import datasets
import huggingface_hub

from mtlite.config.options import CorpusConfig, DataConfig
from mtlite.data.cache import dataset_from_files, normalize_columns
from mtlite.data.languages import is_language_code, language_of
from mtlite.data.readers import PAIR_READERS, Columns, first_line, read_parallel_text
from mtlite.data.splits import cut
from mtlite.errors import DataError, UsageError


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


def check_place(config: CorpusConfig, name: str) -> None:
    """Makes sure that a set, called `name` in messages, can be looked for: reading another one first takes long.

    Raises:
        UsageError: Not exactly one way is given, or options do not fit it.
        DataError: A file is not there.
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
    saved = is_saved(config)
    if config.split and not (config.dataset or saved):
        raise UsageError(f"{name}.split belongs to a data set or a folder made by save_to_disk; leave it out")
    if config.pairs and not saved and ending_of(config.pairs) not in PAIR_READERS:
        raise UsageError(
            f"{name}.pairs: expected a file ending in {', '.join(PAIR_READERS)} (or gzipped), or a folder made by "
            f"save_to_disk; found {config.pairs}"
        )
    for option in ("source", "target", "pairs"):
        path = getattr(config, option)
        if path and not Path(path).is_file() and not saved:
            found = "not a file" if Path(path).exists() else "no such file"
            raise DataError(f"{name}.{option} {path}: {found}; give the path of one, from {Path.cwd()} or in full")


def is_saved(config: CorpusConfig) -> bool:
    """Whether the pairs are in a folder, as save_to_disk makes them."""
    return config.pairs is not None and Path(config.pairs).is_dir()


def ending_of(path: str) -> str:
    """What says how a file is read, as in `pairs.tsv.gz`."""
    return Path(path.removesuffix(".gz")).suffix


def load_pairs(config: CorpusConfig, columns: Columns, name: str, default_split: str | None) -> datasets.Dataset:
    """One set of pairs, called `name` in messages, whose place `check_place` has let through.

    Raises:
        UsageError: There is no such column or split.
        DataError: The pairs cannot be read, or there are none.
    """
    if config.source and config.target:
        paths = {"source": config.source, "target": config.target}
        dataset = dataset_from_files(read_parallel_text, paths, list(paths.values()))
    elif config.dataset:
        dataset = load_from_hub(config, name, config.split or default_split)
        dataset = normalize_columns(dataset, columns, f"{name}.dataset {config.dataset}")
    elif is_saved(config):
        dataset = load_saved(str(config.pairs), name, config.split, default_split)
        dataset = normalize_columns(dataset, columns, str(config.pairs))
    else:
        path = str(config.pairs)
        dataset = dataset_from_files(PAIR_READERS[ending_of(path)], {"path": path, "columns": columns}, [path])
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


def further_splits(training: CorpusConfig, train: datasets.Dataset) -> list[str]:
    """The splits beside the one with the training pairs, of the data set or folder that they come from.

    Args:
        training: where the training pairs come from.
        train: the training pairs.
    """
    splits: list[str] = []
    if training.dataset:
        splits = list(train.info.splits or [])
    elif training.pairs and (listing := Path(training.pairs) / datasets.config.DATASETDICT_JSON_FILENAME).exists():
        splits = json.loads(listing.read_text())["splits"]
    own = (training.split or "train").partition("[")[0]
    return [split for split in splits if split != own] if len(splits) > 1 else []


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
    for side, language in (("source", source_language), ("target", target_language)):
        if language and not is_language_code(language):
            notes.append(
                f"data.{side}_language {language} is not of the form of a language code, such as de, deu or pt-BR: "
                "nothing is known of such a language, and its words are found as those of English are."
            )
    columns = Columns.of(config, source_language, target_language)
    training = training_set(config)
    sets = {"test": config.test, "dev": config.dev}
    places = {name: inherit(where, training) for name, where in sets.items() if is_given(where)}
    places |= {f"tests.{name}": inherit(where, training) for name, where in config.tests.items()}
    check_place(training, "data")
    for name, place in places.items():
        check_place(place, f"data.{name}")
    train = load_pairs(training, columns, "data", "train")
    given = {name: load_pairs(place, columns, f"data.{name}", None) for name, place in places.items()}
    missing = [name for name in sets if name not in given]
    if missing:
        used = {where.split for where in [*sets.values(), *config.tests.values()]}
        unused = [split for split in further_splits(training, train) if split not in used]
        if unused:
            notes.append(
                f"{training.pairs or training.dataset} has the split{'s' * (len(unused) > 1)} {', '.join(unused)}, not "
                f"used here: give {' and '.join(f'data.{name}.split' for name in missing)} to use such a split."
            )
        train, parts, cut_notes = cut(train, missing, config.held_out, seed)
        given |= parts
        notes += cut_notes
    return Corpus(
        train=train,
        dev=given["dev"],
        tests={"test": given["test"], **{name: given[f"tests.{name}"] for name in config.tests}},
        source_language=source_language,
        target_language=target_language,
        notes=tuple(notes),
    )
