"""Recipes (YAML) and command-line options to a checked `Config`."""

from __future__ import annotations

import argparse
import difflib
import re
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import ArgumentParser, Namespace

from mtlite.config import Config
from mtlite.data.limits import MAX_YAML_BYTES, MAX_YAML_DEPTH
from mtlite.errors import UsageError
from mtlite.models.table import refuse_unsupported

_KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text"}


def config_parser(**kwargs: Any) -> ArgumentParser:
    """A parser with one option for every field of `Config`, with its default and help."""
    parser = ArgumentParser(exit_on_error=False, allow_abbrev=False, **kwargs)
    parser.add_class_arguments(Config)
    return parser


def read_recipe(path: Path) -> dict[str, Any]:
    """A recipe as plain values.

    Raises:
        UsageError: if it is missing, too large, too deep, not YAML, or makes anything but plain values.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read recipe {path} ({error.strerror}): give a YAML file such as those in scripts/recipes"
        ) from None
    if len(content) > MAX_YAML_BYTES:
        raise UsageError(f"recipe {path} has {len(content):,} bytes: expected at most {MAX_YAML_BYTES:,}")
    try:
        depth = 0
        for event in yaml.parse(content, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise UsageError(f"recipe {path} uses a YAML alias (*{event.anchor}): write the values out")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_YAML_DEPTH:
                raise UsageError(f"recipe {path} nests deeper than {MAX_YAML_DEPTH} levels")
        values = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise UsageError(f"recipe {path} is not YAML: {' '.join(str(error).split())}") from None
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise UsageError(f"recipe {path}: expected sections such as data: and model:, received {type(values).__name__}")
    return values


def option_names(parser: ArgumentParser) -> list[str]:
    """All long options of a parser."""
    return [name for action in parser._actions for name in action.option_strings if name.startswith("--")]


def readable(error: BaseException, names: list[str]) -> str:
    """The parser's error as one line for a user, with the nearest right names."""
    text = " ".join(str(error).split())
    text = re.sub(r"Parser key \"([\w.]+)\": ?", r"\1: ", text)
    text = re.sub(r"Expected a typing\.Literal\[(.*?)\]\.", r"expected one of \1.", text)
    text = re.sub(r"Expected an? <class '(\w+)'>\.", lambda kind: f"expected {_KINDS.get(kind[1], kind[1])}.", text)
    text = re.sub(r"Got value: (.*)$", r"Received: \1", text)
    known = {name.lstrip("-") for name in names}
    wrong = re.search(r"(?:Unrecognized arguments?: --|unrecognized arguments: --)([\w.-]+)", text)
    wrong = wrong or re.search(r"Option '([\w.]+)' is not accepted", text)
    unknown = wrong[1] if wrong else None
    group = re.search(r"Group '([\w.]+)' does not accept option '([\w.]+)'", text)
    if group:
        unknown = f"{group[1]}.{group[2]}"
    if unknown:
        section = unknown.rpartition(".")[0]
        near = difflib.get_close_matches(unknown, known, 3, 0.6) or sorted(
            name for name in known if name.rpartition(".")[0] == section
        )
        return f"unknown option '{unknown}': expected {' or '.join(near[:12])}"
    return text


def config_from(parser: ArgumentParser, values: Namespace | dict[str, Any], origin: str) -> Config:
    """Check values against the types of `Config`, and what types cannot say."""
    try:
        parsed = parser.parse_object(values) if isinstance(values, dict) else values
        instance = parser.instantiate(parsed)
    except (argparse.ArgumentError, TypeError, ValueError, KeyError) as error:
        raise UsageError(f"{origin}: {readable(error, option_names(parser))}") from None
    fields = Config.__dataclass_fields__
    config = Config(**{name: getattr(instance, name) for name in fields})
    check(config)
    return config


def read_config(path: Path) -> Config:
    """The configuration of a YAML file."""
    return config_from(config_parser(), read_recipe(path), str(path))


_AT_LEAST = {
    "seed": 0,
    "data.held_out": 1,
    "data.cleaning.max_characters": 0,
    "data.cleaning.max_length_ratio": 0,
    "tokenizer.vocabulary_size": 8,
    "tokenizer.sampling": 0,
    "tokenizer.sample_sentences": 1,
    "model.embedding_size": 1,
    "model.units": 1,
    "model.layers": 1,
    "training.max_updates": 1,
    "training.batch_tokens": 2,
    "training.accumulate": 1,
    "training.learning_rate": 0,
    "training.warmup_updates": 0,
    "training.clip_norm": 0,
    "training.validate_every": 1,
    "training.save_every": 1,
    "training.patience": 0,
    "training.threads": 0,
    "search.beam_size": 1,
    "search.nbest": 1,
    "search.length_penalty": 0,
    "search.temperature": 1e-3,
    "search.top_k": 0,
    "search.max_source_tokens": 2,
    "search.batch_tokens": 1,
}
_SHARES = (  # in [0, 1)
    "model.dropout",
    "model.embedding_dropout",
    "model.word_dropout",
    "training.label_smoothing",
    "training.moving_average",
)


def check(config: Config) -> None:
    """Refuse values that no run could use.

    Raises:
        UsageError: what was expected and what was received.
    """
    model, search = config.model, config.search

    def value(name: str) -> Any:
        found: Any = config
        for part in name.split("."):
            found = getattr(found, part)
        return found

    for name, least in _AT_LEAST.items():
        if value(name) is not None and not value(name) >= least:
            raise UsageError(f"{name}: expected at least {least}, received {value(name)}")
    for name in _SHARES:
        if value(name) is not None and not 0 <= value(name) < 1:
            raise UsageError(f"{name}: expected a share from 0 to below 1, received {value(name)}")
    for name in ("search.top_p", "model.wait"):
        if not 0 <= value(name) <= 1 or (name == "search.top_p" and value(name) == 0):
            raise UsageError(f"{name}: expected a share up to 1, received {value(name)}")
    if config.seed >= 2**31:
        raise UsageError(f"seed: expected less than {2**31}, received {config.seed}")
    refuse_unsupported(model.topology, {"bidirectional": model.bidirectional})
    if model.bidirectional and model.units is not None and model.units % 2:
        raise UsageError(f"model.units: expected an even number for two directions, received {model.units}")
    if search.nbest > search.beam_size and not search.sample:
        raise UsageError(
            f"search.nbest: expected at most search.beam_size ({search.beam_size}), received {search.nbest}"
        )
