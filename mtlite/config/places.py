"""Where the files lie that options name: in full, so that a training goes on from any folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace

from mtlite.config.options import Config, CorpusConfig
from mtlite.config.recipe import Values

_FILES = ("source", "target", "pairs")
_MODELS = ("model", "source_model", "target_model")
HUB = "hf:/"
"""What an address on the Hugging Face Hub begins with; `pathlib` makes one slash of two."""


def is_on_hub(path: str) -> bool:
    """Whether a path is an address on the Hugging Face Hub, such as `hf://USER/NAME`."""
    return path.startswith(HUB)


def in_full(config: Config) -> Config:
    """The configuration with every path in full, from the working directory."""
    return _with_paths(config, os.path.abspath)


def paths_of(config: Config) -> list[str]:
    """The files and folders that options name, each once."""
    paths: dict[str, None] = {}

    def note(path: str) -> str:
        paths[path] = None
        return path

    _with_paths(config, note)
    return list(paths)


def moved(config: Config, places: Mapping[str, str]) -> Config:
    """The configuration with other paths, for those that have another place."""
    return _with_paths(config, lambda path: places.get(path, path))


def without_places(config: Config) -> Config:
    """The configuration without the paths of its files, whose content is compared by its checksum."""
    return _with_paths(config, lambda _: "")


def is_same_elsewhere(saved: Config, config: Config) -> bool:
    """Whether two configurations differ in nothing but where files lie: their content is compared by its checksum."""
    return without_places(saved) == without_places(config)


def _with_paths(config: Config, change: Callable[[str], str]) -> Config:
    def of_corpus(corpus: CorpusConfig) -> CorpusConfig:
        files: Values = {name: path and change(path) for name in _FILES if (path := getattr(corpus, name)) is not None}
        name = corpus.dataset or ""
        on_disk = os.path.isabs(name) or os.path.isdir(name)  # any other is on the Hub
        references = list(map(change, corpus.references))
        return replace(corpus, **files, references=references, dataset=change(name) if on_disk else corpus.dataset)

    data, tokenizer = config.data, config.tokenizer
    tests = {name: of_corpus(corpus) for name, corpus in data.tests.items()}
    train, dev, test = list(map(of_corpus, data.train)), of_corpus(data.dev), of_corpus(data.test)
    data = replace(data, train=train, dev=dev, test=test, tests=tests)
    models: Values = {name: change(path) for name in _MODELS if (path := getattr(tokenizer, name))}
    start = config.training.start_from
    training = replace(config.training, start_from=change(start) if start and not is_on_hub(start) else start)
    return replace(config, data=data, tokenizer=replace(tokenizer, **models), training=training)
