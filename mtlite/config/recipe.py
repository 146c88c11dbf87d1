"""Recipes (YAML) and values from the command line to a `Config`.

A recipe is data: it is read into plain values, and each value is read as the type of its option. No value names a
class, a module or another recipe to load.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple, get_origin

import docstring_parser

from mtlite.config.options import Config, EvaluationConfig
from mtlite.config.plain_yaml import parse_yaml
from mtlite.config.read import fields_of, members, read_as, section_of, shown, split
from mtlite.errors import UsageError
from mtlite.limits import MAX_YAML_BYTES, read_file

Values = dict[str, Any]  # plain values, nested as the options are


class Option(NamedTuple):
    """One option of `Config`."""

    name: str  # with its sections: model.units
    kind: Any  # its type, without ranges
    default: Any
    help: str


def options(section: Any = Config, prefix: str = "") -> Iterator[Option]:
    """Yield every option, in the order of `Config`."""
    texts = {part.arg_name: part.description or "" for part in docstring_parser.parse(section.__doc__ or "").params}
    for field in dataclasses.fields(section):
        kind, _ = split(fields_of(section)[field.name])
        if inner := section_of(kind):
            yield from options(inner, f"{prefix}{field.name}.")
        else:
            default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
            yield Option(f"{prefix}{field.name}", kind, default, " ".join(texts[field.name].split()))


def read_recipe(path: Path) -> Values:
    """Read a recipe as plain values; refuse one that is missing or not made of sections."""
    try:
        content = read_file(path, MAX_YAML_BYTES)
    except OSError as error:
        reason = error.strerror
        raise UsageError(f"cannot read recipe {path} ({reason}): give a YAML file as in scripts/recipes") from None
    values = parse_yaml(content, f"recipe {path}")
    if not isinstance(values, dict | None):
        raise UsageError(f"recipe {path}: expected sections such as data: and model:, received {shown(values)}")
    return values or {}


def merge(base: Values, over: Values) -> Values:
    """Lay one tree of options over another."""
    merged = base | over
    for name in base.keys() & over.keys():
        if isinstance(base[name], dict) and isinstance(over[name], dict):
            merged[name] = merge(base[name], over[name])
    return merged


def nested(values: Values) -> Values:
    """Turn values by dotted names into sections of a recipe: `{"model.units": 128}` is `{"model": {"units": 128}}`."""
    sections: Values = {}
    for name, value in values.items():
        for part in reversed(str(name).split(".")):
            value = {part: value}
        sections = merge(sections, value)
    return sections


def dotted(values: Values, prefix: str = "") -> Values:
    """The inverse of `nested`: `{"model": {"units": 8}}` becomes `{"model.units": 8}`."""
    found: Values = {}
    for name, value in values.items():
        found |= dotted(value, f"{prefix}{name}.") if isinstance(value, dict) and value else {f"{prefix}{name}": value}
    return found


def config_from(values: Values, origin: str) -> Config:
    """Read plain values, nested as the options are; everything that is not given has its default."""
    return read_as(Config, values, origin, text=True)


def read_config(path: str | Path) -> Config:
    """Read the configuration in a YAML file."""
    return config_from(read_recipe(Path(path)), str(path))


def as_config(source: Config | str | Path | Values) -> Config:
    """Read a configuration from Python, the path of a recipe, or options by name."""
    match source:
        case Config():
            return config_from(source.to_dict(), "the configuration")
        case str() | Path():
            return read_config(source)
        case dict():
            return config_from(nested(source), "the options")
    received = f"{type(source).__name__} {shown(source)}"
    raise UsageError(f"expected a mtlite.Config, the path of a recipe or options by name, received {received}")


def metrics_of(names: Sequence[str], origin: str = "metrics") -> list[str]:
    """Some names of metrics, which come from `origin`, checked as `evaluation.metrics` of a recipe is."""
    return list(read_as(EvaluationConfig, {"metrics": names}, origin, section="evaluation").metrics)


def from_text(option: Option, text: str) -> Any:
    """Read a value of the command line: text, `null` for what may be left open, YAML for a list or a table."""
    if text == "null" and NoneType in members(option.kind):
        return None
    return parse_yaml(text, option.name) if get_origin(option.kind) in (dict, list) else text
