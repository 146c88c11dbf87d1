"""The corpus: training pairs, dev set and test sets as memory-mapped `datasets`, whatever they are read from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import datasets
import huggingface_hub

from mtlite.config.options import CorpusConfig, DataConfig
from mtlite.data.cache import join, pairs_of
from mtlite.data.columns import Columns
from mtlite.data.further_references import join_repeated, read_further
from mtlite.data.language_choice import languages_by_header, languages_by_script, languages_of
from mtlite.data.pairs import check_location, has_columns, layout_of, load_pairs, without_gaps
from mtlite.data.readers import Pair
from mtlite.data.splits import sample, split_off
from mtlite.errors import UsageError
from mtlite.storage.references import as_lines


@dataclass(frozen=True)
class Corpus:
    """Sentence pairs in the columns "source" and "target"; dev and test sets are as they were given."""

    train: datasets.Dataset
    dev: datasets.Dataset
    tests: dict[str, datasets.Dataset]  # "test" first, then the further ones in the order of the configuration
    source_language: str | None
    target_language: str | None
    notes: tuple[str, ...]  # sentences for the user: what was split off the training pairs, what was inferred
    # By name of a dev or test set, the references of each sentence beside its target; only where some were given.
    further: dict[str, list[list[str]]] = field(default_factory=dict)

    @property
    def held_out(self) -> dict[str, datasets.Dataset]:
        """The dev set and the test sets by name."""
        return {"dev": self.dev, **self.tests}

    def sides(self) -> dict[str, list[str]]:
        """By name, such as `test.source`, the lines by which a run or a record keeps the dev set and the test sets."""
        lines = {
            f"{name}.{side}": list(pairs[side])
            for name, pairs in self.held_out.items()
            for side in ("source", "target")
        }
        return lines | {f"{name}.references": as_lines(texts) for name, texts in self.further.items()}

    @property
    def right_pairs(self) -> Iterator[Pair]:
        """Every source of the dev set and the test sets with each of its references."""
        for name, pairs in self.held_out.items():
            yield from pairs_of(pairs)
            if name in self.further:
                sources = zip(pairs["source"], self.further[name], strict=True)
                yield from ((source, target) for source, targets in sources for target in targets)


def load_corpus(config: DataConfig) -> Corpus:
    """Read every set of the configuration; split missing dev and test sets off the training pairs.

    Raise UsageError if the options name what does not exist or not exactly one place for each set, DataError if a set
    cannot be read as it is.
    """
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    huggingface_hub.utils.logging.set_verbosity_error()
    languages, notes = languages_of(config)
    training, others = _training_corpora(config), config.given_sets()
    for name, location in {**training, **others}.items():
        check_location(location, name)
    _check_columns(config, [*training.values(), *others.values()])
    layouts = [layout_of(location, Columns.of(config, *languages)) for location in training.values()]
    languages, more = languages_by_header(languages, layouts, config)
    columns = Columns.of(config, *languages)
    notes += [*more, *_said_of_layouts({**training, **others}, columns)]
    parts, sets, more = _load(training, others, columns, config.seed)
    notes += more
    train = join([part for part, each in zip(parts, training.values(), strict=True) for _ in range(each.weight)])
    languages, more = languages_by_script(train, languages)
    notes += more
    if missing := [name for name in ("data.test", "data.dev") if name not in sets]:
        train, new, more = split_off(train, missing, config.held_out, config.seed)
        sets |= new
        notes += [*_unused_splits(config, parts, missing), *more]
    further, more = _several_references(config, others, sets)
    notes += more
    tests = {"test": sets["data.test"], **{name: sets[f"data.tests.{name}"] for name in config.tests}}
    return Corpus(train, sets["data.dev"], tests, languages[0], languages[1], tuple(notes), further)


def _several_references(
    config: DataConfig, locations: Mapping[str, CorpusConfig], sets: dict[str, datasets.Dataset]
) -> tuple[dict[str, list[list[str]]], list[str]]:
    """The further references of dev and test sets, by the short name of the set, and notes for the user.

    Args:
        sets: by option; those whose repeated sources are joined are replaced.
    """
    found: dict[str, list[list[str]]] = {}
    notes = []
    for option in ("data.dev", "data.test", *(f"data.tests.{name}" for name in config.tests)):
        pairs = sets[option]
        paths = locations[option].references if option in locations else []
        further = read_further(paths, len(pairs), option)
        if config.join_repeated_sources:
            sets[option], further = join_repeated(pairs, further)
            notes.append(f"{option}: {len(pairs):,} pairs are {len(sets[option]):,} sentences, each with one source.")
        if any(further):
            found[option.rpartition(".")[2]] = further
    return found, notes


def _load(
    training: dict[str, CorpusConfig], others: dict[str, CorpusConfig], columns: Columns, seed: int
) -> tuple[list[datasets.Dataset], dict[str, datasets.Dataset], list[str]]:
    """The training corpora, the sets by name, and notes on pairs that were left out."""
    sets: dict[str, datasets.Dataset] = {}
    notes: list[str] = []
    for name, location in {**training, **others}.items():
        loaded = load_pairs(location, columns, name, "train" if name in training else None)
        sets[name], more = without_gaps(loaded, name, name in training)
        sets[name] = sample(sets[name], location.most_pairs, seed)
        notes += more
    return [sets[name] for name in training], {name: sets[name] for name in others}, notes


def _check_columns(config: DataConfig, locations: Sequence[CorpusConfig]) -> None:
    """Refuse options of columns where no set has columns."""
    for option in ("source_column", "target_column"):
        if getattr(config, option) is not None and not any(map(has_columns, locations)):
            raise UsageError(f"data.{option} has no effect: text files of one side have no columns; leave it out")


def _said_of_layouts(locations: Mapping[str, CorpusConfig], columns: Columns) -> list[str]:
    """What was recognised in files of rows, and what changes it."""
    layouts = {name: layout_of(location, columns) for name, location in locations.items()}
    change = "data.source_column and data.target_column may change that"
    return [
        f"{locations[name].pairs}: {layout.said}; {name}.header, {change}."
        for name, layout in layouts.items()
        if layout and layout.said
    ]


def _training_corpora(config: DataConfig) -> dict[str, CorpusConfig]:
    """The training corpora by what they are called in messages."""
    corpora = config.train or [CorpusConfig()]
    names = [f"data.train[{number}]" for number in range(1, len(corpora) + 1)] if len(corpora) > 1 else ["data.train"]
    return dict(zip(names, corpora, strict=True))


def _unused_splits(config: DataConfig, parts: Sequence[datasets.Dataset], missing: Sequence[str]) -> list[str]:
    """Tell the user of splits beside the training pairs that no set uses, although sets are missing."""
    training = config.with_splits()
    splits: list[str] = []
    if training.dataset:
        splits = list(parts[config.train.index(training)].info.splits or [])
    elif training.pairs and (listing := Path(training.pairs) / datasets.config.DATASETDICT_JSON_FILENAME).exists():
        splits = json.loads(listing.read_text("utf-8"))["splits"]
    used = {(each.split or "train").partition("[")[0] for each in config.train}
    used |= {each.split for each in (config.dev, config.test, *config.tests.values()) if each.split}
    unused = [split for split in splits if split not in used]
    if len(splits) < 2 or not unused:
        return []
    names = f"split{'s' * (len(unused) > 1)} {', '.join(unused)}"
    remedy = f"give {' and '.join(f'{name}.split' for name in missing)} to use such a split."
    return [f"{training.pairs or training.dataset} has the {names}, not used here: {remedy}"]
