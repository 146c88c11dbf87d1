"""Recipes (YAML) and values from the command line to a checked `Config`.

A recipe is data: it is read into plain values, and each value is checked against the type of its option. No value names
a class, a module or another recipe to load.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterator
from pathlib import Path, PurePath
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import docstring_parser
import yaml

from mtlite.config.options import Config, ModelConfig
from mtlite.config.registry import OPTIONAL, TOPOLOGIES, both_directions, refuse_unsupported
from mtlite.errors import UsageError
from mtlite.limits import MAX_VOCABULARY, MAX_YAML_BYTES, MAX_YAML_DEPTH, TEST_SET_NAME

_KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text", NoneType: "null"}
_WORDS = {"true": True, "false": False}


class Option(NamedTuple):
    """One option of `Config`."""

    name: str  # with its sections: model.units
    kind: Any  # its type
    default: Any
    help: str


def options(section: type = Config, prefix: str = "") -> Iterator[Option]:
    """Every option, in the order of `Config`."""
    hints = get_type_hints(section)
    texts = {part.arg_name: part.description or "" for part in docstring_parser.parse(section.__doc__ or "").params}
    for field in dataclasses.fields(section):
        name, kind = f"{prefix}{field.name}", hints[field.name]
        if dataclasses.is_dataclass(kind):
            yield from options(kind, f"{name}.")  # type: ignore[arg-type]
        else:
            default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
            yield Option(name, kind, default, " ".join(texts[field.name].split()))


class _Loader(yaml.SafeLoader):
    """Plain values only: no alias (a few lines of them fill any memory), no key twice, no deep nesting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise self._refused("an alias (*): write the values out")
        if self.depth > MAX_YAML_DEPTH:
            raise self._refused(f"it nests deeper than {MAX_YAML_DEPTH} levels")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _refused(self, problem: str) -> yaml.MarkedYAMLError:
        return yaml.MarkedYAMLError(None, None, problem, self.peek_event().start_mark)  # type: ignore[no-untyped-call]

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in seen:
                problem = f"{key.value} is given twice" if isinstance(key, yaml.ScalarNode) else "expected a name"
                raise yaml.MarkedYAMLError(None, None, problem, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def parse_yaml(content: bytes | str, origin: str) -> Any:
    """YAML as plain values.

    Args:
        content: what to read.
        origin: what it is, for messages.

    Raises:
        UsageError: if it is too large, too deep, not YAML, or makes anything but plain values.
    """
    if len(content) > MAX_YAML_BYTES:
        raise UsageError(f"{origin} has {len(content):,} bytes: expected at most {MAX_YAML_BYTES:,}")
    try:
        return yaml.load(content, Loader=_Loader)  # a subclass of the safe one
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}" if mark else ""
        raise UsageError(f"{origin}{place} is not plain YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise UsageError(f"{origin} is not YAML: {' '.join(str(error).split())}") from None


def read_recipe(path: Path) -> dict[str, Any]:
    """A recipe as plain values.

    Raises:
        UsageError: as `parse_yaml`, or if it is missing or not made of sections.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_YAML_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            f"cannot read recipe {path} ({reason}): give a YAML file such as those in scripts/recipes"
        ) from None
    values = parse_yaml(content, f"recipe {path}")
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise UsageError(f"recipe {path}: expected sections such as data: and model:, received {_shown(values)}")
    return values


def unknown_option(name: str, siblings: list[str], everything: list[str]) -> str:
    """What is said of an option that does not exist.

    Args:
        name: the option.
        siblings: what there is in its place.
        everything: all options; one of the same name in another section is meant.
    """

    def last(option: str) -> str:
        return option.rpartition(".")[2].lstrip("-")

    meant = [option for option in everything if last(option) == last(name)]
    near = difflib.get_close_matches(last(name), map(last, siblings), 3, 0.6)
    meant = meant or [option for word in near for option in siblings if last(option) == word] or siblings
    return f"unknown option '{name}': expected {' or '.join(meant)}"


def typed(values: dict[str, Any], origin: str) -> Config:
    """Plain values, nested as the options are, to a configuration whose types are right.

    Args:
        values: what is given; everything else has its default.
        origin: where the values come from, for messages.

    Raises:
        UsageError: for an unknown option or a value of another type.
    """
    try:
        return _section(Config, values, "")  # type: ignore[no-any-return]
    except UsageError as error:
        raise UsageError(f"{origin}: {error}") from None


def config_from(values: dict[str, Any], origin: str) -> Config:
    """As `typed`, and checked.

    Raises:
        UsageError: as `typed` and `check`.
    """
    config = typed(values, origin)
    try:
        check(config)
    except UsageError as error:
        raise UsageError(f"{origin}: {error}") from None
    return config


def checked(config: Config) -> Config:
    """A configuration that was made in Python, checked as a recipe is; a copy.

    Raises:
        UsageError: as `config_from`, or if it is something else.
    """
    if not isinstance(config, Config):
        raise UsageError(
            f"expected a mtlite.Config, received {type(config).__name__} {_shown(config)}: "
            "read_config(path) of mtlite.config.recipe reads a recipe, config_from(values, name) takes a dictionary"
        )
    return config_from(config.to_dict(), "the configuration")


def read_config(path: Path) -> Config:
    """The configuration of a YAML file."""
    return config_from(read_recipe(path), str(path))


def from_text(option: Option, text: str) -> Any:
    """A value of the command line: text as it is, `null` for what may be left open, YAML for a table of sets."""
    if text == "null" and NoneType in get_args(option.kind):
        return None
    return parse_yaml(text, option.name) if get_origin(option.kind) is dict else text


def _section(kind: Any, values: Any, prefix: str) -> Any:
    hints = get_type_hints(kind)
    if values is None:  # a heading without anything below it
        values = {}
    if not isinstance(values, dict):
        raise UsageError(f"{prefix[:-1]}: expected options such as {next(iter(hints))}, received {_shown(values)}")
    for name in values:
        if name not in hints:
            siblings = [prefix + each for each in hints]
            raise UsageError(unknown_option(f"{prefix}{name}", siblings, [option.name for option in options()]))
    return kind(**{name: _value(hints[name], value, f"{prefix}{name}") for name, value in values.items()})


def _value(kind: Any, value: Any, name: str) -> Any:
    """One value in its type; a number may be given as text (YAML takes 1e-3 for text)."""
    if dataclasses.is_dataclass(kind):
        return _section(kind, value, f"{name}.")
    if get_origin(kind) is dict:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            example = "{long: {source: …, target: …}}"
            raise UsageError(f"{name}: expected sets by name, such as {example}, received {_shown(value)}")
        return {key: _value(get_args(kind)[1], each, f"{name}.{key}") for key, each in value.items()}
    if get_origin(kind) is Literal:
        if not isinstance(value, str) or value not in get_args(kind):
            raise UsageError(f"{name}: expected one of {', '.join(get_args(kind))}, received {_shown(value)}")
        return value
    kinds = get_args(kind) or (kind,)
    if type(value) in kinds:
        return value
    if float in kinds and type(value) is int and abs(value) < 2**63:
        return float(value)
    if isinstance(value, PurePath) and str in kinds:
        return str(value)
    if isinstance(value, str):
        for each in kinds:
            if each in (int, float) and re.fullmatch(r"[+-]?[\d.]+(e[+-]?\d+)?", value, re.ASCII | re.IGNORECASE):
                try:
                    return each(value)
                except ValueError:
                    continue
            if each is bool and value.lower() in _WORDS:
                return _WORDS[value.lower()]
    raise UsageError(f"{name}: expected {' or '.join(_KINDS[each] for each in kinds)}, received {_shown(value)}")


def _shown(value: Any) -> str:
    """A value as YAML would write it, at most a line of it."""
    if value is None or isinstance(value, bool):
        text = str(value).lower().replace("none", "null")
    elif isinstance(value, dict | list):
        text = f"a {'section' if isinstance(value, dict) else 'list'} of {len(value)}"
    elif isinstance(value, int) and abs(value) >= 2**63:
        text = "a number of more than 64 bits"
    else:
        text = str(value)
    return text if 0 < len(text) <= 80 else repr(text[:80])


_MANY = 2**31 - 1
_RANGES: dict[str, tuple[float, float]] = {
    "seed": (0, _MANY),
    "data.held_out": (1, _MANY),
    "data.cleaning.max_characters": (0, _MANY),
    "data.cleaning.max_length_ratio": (0, _MANY),
    "tokenizer.vocabulary_size": (8, MAX_VOCABULARY),
    "tokenizer.sampling": (0, 1000),
    "tokenizer.sample_sentences": (1, _MANY),
    "model.embedding_size": (1, 2**16),
    "model.units": (1, 2**16),
    "model.layers": (1, 100),
    "model.wait": (0, 1),
    "training.max_updates": (1, _MANY),
    "training.max_seconds": (0, _MANY),
    "training.batch_tokens": (2, _MANY),
    "training.accumulate": (1, _MANY),
    "training.learning_rate": (0, 1000),
    "training.warmup_updates": (0, _MANY),
    "training.final_learning_rate": (0, 1),
    "training.plateau_factor": (0, 1),
    "training.clip_norm": (0, _MANY),
    "training.validate_every": (1, _MANY),
    "training.patience": (0, _MANY),
    "training.save_every": (1, _MANY),
    "training.threads": (0, 4096),
    "search.beam_size": (1, 1000),
    "search.nbest": (1, 1000),
    "search.length_penalty": (0, 10),
    "search.temperature": (1e-3, 1000),
    "search.top_k": (0, MAX_VOCABULARY),
    "search.top_p": (1e-6, 1),
    "search.max_source_tokens": (2, 2**20),
    "search.batch_tokens": (1, 10**7),
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

    for name, (least, most) in _RANGES.items():
        if value(name) is not None and not least <= value(name) <= most:
            expected = f"at most {most:,}" if value(name) > most else f"at least {least:,}"
            raise UsageError(f"{name}: expected {expected}, received {_shown(value(name))}")
    for name in _SHARES:
        if value(name) is not None and not 0 <= value(name) < 1:
            raise UsageError(f"{name}: expected a share from 0 to below 1, received {value(name)}")
    for name in config.data.tests:
        if not TEST_SET_NAME.fullmatch(name) or name in ("dev", "test"):
            raise UsageError(
                f"data.tests: expected names of letters, digits, '-', '_' and '.' other than dev and test, "
                f"received {_shown(name)}"
            )
    for name in ("data.source_language", "data.target_language"):
        if value(name) == "":
            raise UsageError(f"{name}: expected a language code such as de, or null, received ''")
    # An option at its default was not asked for.
    asked = {name: value(f"model.{name}") for name in OPTIONAL}
    refuse_unsupported(model.topology, {name: got for name, got in asked.items() if got != getattr(ModelConfig, name)})
    if both_directions(model.topology, model.bidirectional) and model.units is not None and model.units % 2:
        raise UsageError(f"model.units: expected an even number for two directions, received {model.units}")
    if search.sample and TOPOLOGIES[model.topology].family == "direct":
        able = [name for name, entry in TOPOLOGIES.items() if entry.family != "direct"]
        raise UsageError(
            f"search.sample: topology '{model.topology}' writes all tokens in one pass: expected {', '.join(able)}"
        )
    if search.nbest > 1 and not TOPOLOGIES[model.topology].ranks:
        able = [name for name, entry in TOPOLOGIES.items() if entry.ranks]
        raise UsageError(
            f"search.nbest: topology '{model.topology}' writes one hypothesis a sentence: expected 1, or a run of "
            f"{', '.join(able)}"
        )
    tokenizer, ratio = config.tokenizer, config.data.cleaning.max_length_ratio
    given = tokenizer.model or tokenizer.source_model or tokenizer.target_model
    if tokenizer.sampling and tokenizer.kind != "unigram" and not given:
        raise UsageError(
            f"tokenizer.sampling: expected tokenizer.kind unigram, received {tokenizer.kind}: leave it out"
        )
    if 0 < ratio < 1:
        raise UsageError(f"data.cleaning.max_length_ratio: expected 0 (off), 1 or more, received {ratio}")
    if search.nbest > search.beam_size and not search.sample:
        raise UsageError(
            f"search.nbest: expected at most search.beam_size ({search.beam_size}), received {search.nbest}"
        )
