"""The one reader of everything typed: plain values from YAML, JSON or a command line become dataclasses.

Types are the only description of a shape: `Annotated[int, Between(1, 100)]` says what a number may be, and a dataclass
may have a method `check()` for what concerns several of its fields. Once read, a value is right; nobody looks twice.
What no type says has a limit, too: how deep values nest, how long a text is, how large a number.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from mtlite.errors import MtliteError, UsageError
from mtlite.limits import MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_TEXT

T = TypeVar("T")
_LARGEST = 2**63 - 1
_EXACT = 2.0**53  # below it, a float can be any whole number
_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "text", NoneType: "null"}
_PLURALS = {int: "whole numbers", float: "numbers", str: "texts", Any: "values"}
_TRUTH = {**dict.fromkeys(("yes", "y", "on"), "true"), **dict.fromkeys(("no", "n", "off"), "false")}
_NUMBER = re.compile(r"[+-]?[\d.]+(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Between:
    """What a number may be; `most` itself is allowed unless `open_end`."""

    least: float
    most: float
    open_end: bool = False

    def problem(self, value: float) -> str | None:
        """What was expected of a number that is refused."""
        if self.least <= value and (value < self.most or (value == self.most and not self.open_end)):
            return None
        if self.open_end:
            return f"a number from {self.least:,} to below {self.most:,}"
        return f"at most {self.most:,}" if value > self.most else f"at least {self.least:,}"


@dataclass(frozen=True)
class Matching:
    """What a text may be: a regular expression for all of it, and the same in words."""

    pattern: str
    words: str

    def problem(self, value: str) -> str | None:
        """What was expected of a text that is refused."""
        return None if re.fullmatch(self.pattern, value) else self.words


Share = Annotated[float, Between(0, 1, open_end=True)]
Count = Annotated[int, Between(0, 2**31 - 1)]


def read_as(
    kind: type[T],
    values: Any,
    origin: str,
    *,
    error: type[MtliteError] = UsageError,
    text: bool = False,
    section: str = "",
) -> T:
    """Read plain values, which come from `origin`, as a dataclass or any type that a field of one may have.

    Args:
        error: raised with the name of a wrong value, what was expected and what was received.
        text: whether numbers may be given as text, as in a recipe (`1e-3`) or on a command line.
        section: what the values are part of, for the names in messages: `search` makes `search.beam_size`.
    """
    try:
        return _Reader(kind, text).read(kind, values, section)  # type: ignore[no-any-return]
    except UsageError as problem:
        raise error(f"{origin}: {problem}") from None


def parse_json(content: bytes | str, origin: str, error: type[MtliteError]) -> Any:
    """Read JSON, which comes from `origin`, as plain values, for `read_as`."""
    if len(content) > MAX_DOCUMENT_BYTES:
        raise error(f"{origin}: expected at most {MAX_DOCUMENT_BYTES:,} bytes of JSON, received {len(content):,}")
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise error(f"{origin} ({' '.join(str(problem).split())})") from None


def plain(value: Any) -> Any:
    """Turn a dataclass and all in it into dictionaries, lists, texts and numbers: what `read_as` reads back."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, np.ndarray):
        return _numbers_in(value)
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def _numbers_in(array: np.ndarray) -> list[Any]:
    """The numbers of an array, in few characters."""
    if array.dtype == np.float64 and (array == array.round()).all() and abs(array).max(initial=0) < _EXACT:
        return array.astype(np.int64).tolist()  # type: ignore[no-any-return]
    # Of a number of 32 bits, the shortest text that is the same number: half as long as the one of 64 bits.
    return array.astype(str).astype(float).tolist() if array.dtype == np.float32 else array.tolist()  # type: ignore[no-any-return]


@cache
def fields_of(kind: type) -> dict[str, Any]:
    """Find the fields of a dataclass with their types, ranges included."""
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def split(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """Split a type from its ranges."""
    if get_origin(kind) is not Annotated:
        return kind, ()
    inner, *limits = get_args(kind)
    return inner, tuple(limits)


def members(kind: Any) -> tuple[Any, ...]:
    """The members of a union; of any other type, itself."""
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def section_of(kind: Any) -> Any:
    """The dataclass that a field holds, once or as a list; None if it holds none."""
    inner = get_args(kind)[0] if get_origin(kind) is list else kind
    return inner if dataclasses.is_dataclass(inner) else None


def unknown_option(name: str, siblings: list[str], everything: list[str]) -> str:
    """Say what is meant by an option that does not exist: one of `everything` with its name, or a similar sibling."""

    def last(option: str) -> str:
        return option.rpartition(".")[2].lstrip("-")

    namesakes = [option for option in everything if last(option) == last(name)]
    near = difflib.get_close_matches(last(name), map(last, siblings), 3, 0.6)
    meant = namesakes or [option for word in near for option in siblings if last(option) == word] or siblings
    return f"unknown option {shown(name)!r}: expected {' or '.join(meant)}"


def shown(value: Any) -> str:
    """Show a value as YAML would write it, at most a line of it."""
    if value is None or isinstance(value, bool):
        text = str(value).lower().replace("none", "null")
    elif isinstance(value, dict | list | tuple):
        text = f"a {'section' if isinstance(value, dict) else 'list'} of {len(value)}"
    elif isinstance(value, int) and abs(value) > _LARGEST:
        text = "a number of more than 64 bits"
    else:
        text = str(value[:81] if isinstance(value, str | bytes) else value)
    return text if 0 < len(text) <= 80 and text.isprintable() else repr(text[:80])


class _Reader:
    """Reads values of one type; `root` is the whole of which they are parts, for the names in messages."""

    def __init__(self, root: Any, text: bool) -> None:
        self.root, self.text = root, text

    def read(self, kind: Any, value: Any, name: str) -> Any:
        if dataclasses.is_dataclass(kind):
            return self._section(kind, value, name)
        readers: dict[Any, Any] = {list: self._list, dict: self._dict, tuple: self._tuple}
        readers |= {Literal: self._literal, np.ndarray: self._array}
        if (origin := get_origin(kind)) in readers:
            return readers[origin](kind, value, name)
        return self._anything(value, name) if kind is Any else self._union(members(kind), value, name)

    def _anything(self, value: Any, name: str, depth: int = MAX_DEPTH) -> Any:
        """Any plain value, such as that of an option whose type another version of the program knows."""
        if not depth:
            raise _refused(name, f"at most {MAX_DEPTH} levels", value)
        if isinstance(value, dict):
            for key in value:
                self._anything(key, name, 1)
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
            self._anything(each, name, depth - 1)
        if isinstance(value, str):
            _refuse_text(value, name)
        if (type(value) is int and abs(value) > _LARGEST) or (type(value) is float and not math.isfinite(value)):
            raise _refused(name, "a number of at most 64 bits", value)
        return value

    def _section(self, kind: Any, value: Any, name: str) -> Any:
        fields, prefix = fields_of(kind), f"{name}." if name else ""
        value = {} if value is None else value  # a heading without anything below it
        if not isinstance(value, dict):
            raise _refused(name, f"options such as {next(iter(fields))}", value)
        for key in value:
            if key not in fields:
                raise UsageError(self._unknown(kind, key, prefix))
        for field in dataclasses.fields(kind):
            required = field.default is field.default_factory is dataclasses.MISSING
            if required and field.name not in value:
                raise UsageError(f"{prefix}{field.name}: expected {named(fields[field.name])}, received nothing")
        read = kind(**{key: self.read(fields[key], each, f"{prefix}{key}") for key, each in value.items()})
        if hasattr(read, "check"):
            read.check()
        return read

    def _unknown(self, kind: Any, key: Any, prefix: str) -> str:
        if moved := getattr(kind, "MOVED", {}).get(key):
            return f"{prefix}{key}: {moved}"
        siblings = [f"{prefix}{field}" for field in fields_of(kind)]
        return unknown_option(f"{prefix}{key}", siblings, list(option_names(self.root)))

    def _list(self, kind: Any, value: Any, name: str) -> list[Any]:
        (inner,) = get_args(kind)
        if section_of(kind) and (value is None or isinstance(value, dict)):
            return [self.read(inner, value, name)]  # one section where a list of them may stand
        if not isinstance(value, list | tuple):
            plural = "names" if get_origin(inner) is Literal else _PLURALS.get(split(inner)[0], "sections")
            raise _refused(name, f"a list of {plural}", value)
        return [self.read(inner, each, f"{name}[{number}]") for number, each in enumerate(value, 1)]

    def _array(self, kind: Any, value: Any, name: str) -> np.ndarray:
        dtype = np.dtype(get_args(get_args(kind)[1])[0])
        allowed = {int} if dtype.kind == "i" else {int, float}
        found = None
        if isinstance(value, list) and _types_in(value) <= allowed:  # numpy would take texts for numbers
            # Too large for the type, or rows of different lengths.
            with np.errstate(over="ignore"), contextlib.suppress(ValueError, OverflowError):
                found = np.array(value, dtype)
        if found is None or not np.isfinite(found).all():
            what = "whole numbers" if dtype.kind == "i" else "numbers"
            raise _refused(name, f"a list of {what}, or a list of such lists", value)
        return found

    def _tuple(self, kind: Any, value: Any, name: str) -> tuple[Any, ...]:
        kinds = get_args(kind)
        if not isinstance(value, list | tuple) or len(value) != len(kinds):
            raise _refused(name, f"a list of {len(kinds)}", value)
        return tuple(self.read(each, part, name) for each, part in zip(kinds, value, strict=True))

    def _dict(self, kind: Any, value: Any, name: str) -> dict[Any, Any]:
        key_kind, inner = get_args(kind)
        if not isinstance(value, dict):
            example = "{long: {source: …, target: …}}" if section_of(inner) else "{name: …}"
            raise _refused(name, f"values by name, such as {example}", value)
        keys = {key: self._key(key_kind, key, name) for key in value}
        return {keys[key]: self.read(inner, each, f"{name}.{shown(key)}") for key, each in value.items()}

    def _key(self, kind: Any, key: Any, name: str) -> Any:
        if kind is int and isinstance(key, str) and re.fullmatch(r"-?\d{1,18}", key, re.ASCII):
            return int(key)  # JSON has no other keys than texts
        return self.read(kind, key, name)

    def _literal(self, kind: Any, value: Any, name: str) -> Any:
        allowed = get_args(kind)
        if self.text and isinstance(value, str):
            value = next((each for each in allowed if str(each) == value), value)
        if not any(type(value) is type(each) and value == each for each in allowed):
            raise _refused(name, named(kind), value)
        return value

    def _union(self, kinds: tuple[Any, ...], value: Any, name: str) -> Any:
        parts = [split(part) for part in kinds if part is not NoneType]
        if value is None and NoneType in kinds:
            return None
        if len(parts) == 1 and parts[0][0] not in _NAMES:
            return self.read(parts[0][0], value, name)
        found, limits = self._scalar([kind for kind, _ in parts], value), [each for _, some in parts for each in some]
        if isinstance(found, str):
            _refuse_text(found, name)
        if found is None or (not limits and type(found) is int and abs(found) > _LARGEST):
            raise _refused(name, " or ".join(map(named, kinds)), value, _meant(value) if bool in kinds else "")
        for limit in limits:
            if problem := limit.problem(found):
                raise _refused(name, problem, value)
        return found

    def _scalar(self, kinds: list[Any], value: Any) -> Any:
        """A text, number or truth value in one of some types; None if it is none."""
        if self.text and isinstance(value, str) and str not in kinds:
            value = _from_text(kinds, value)
        if isinstance(value, PurePath) and str in kinds:
            return str(value)
        if self.text and type(value) is float and value.is_integer() and int in kinds and float not in kinds:
            value = int(value)  # `1e3` is a float, for YAML
        if type(value) is int and float in kinds and int not in kinds:
            return float(value) if abs(value) <= _LARGEST else None
        if type(value) is float and not math.isfinite(value):
            return None
        return value if type(value) in kinds else None


def _types_in(values: list[Any]) -> set[type]:
    """The types of the values in a list, or in a list of lists."""
    types = set(map(type, values))
    return set().union(*(set(map(type, row)) for row in values)) if types == {list} else types


def _refuse_text(text: str, name: str) -> None:
    """Refuse a text that cannot be written to a file, or that nobody has written."""
    if len(text) > MAX_TEXT:
        raise _refused(name, f"a text of at most {MAX_TEXT:,} characters", text)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character, as JSON can write it
        raise _refused(name, "text in UTF-8", text) from None


def _refused(name: str, expected: str, value: Any, remedy: str = "") -> UsageError:
    return UsageError(f"{f'{name}: ' if name else ''}expected {expected}, received {shown(value)}{remedy}")


def _meant(value: Any) -> str:
    """What to write for a truth value in words: `yes` and `on` are texts in YAML 1.2."""
    meant = _TRUTH.get(value.lower()) if isinstance(value, str) else None
    return f": write {meant}" if meant else ""


def _from_text(kinds: list[Any], value: str) -> Any:
    if bool in kinds and value.lower() in ("true", "false"):
        return value.lower() == "true"
    numbers = [kind for kind in (int, float) if kind in kinds]
    if numbers and _NUMBER.fullmatch(value):
        for kind in (*numbers, float):
            with contextlib.suppress(ValueError):
                return kind(value)
    return value


def named(kind: Any) -> str:
    """Name a type in words."""
    kind, _ = split(kind)
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    if len(parts := members(kind)) > 1:
        return " or ".join(map(named, parts))
    return _NAMES.get(kind, "a list" if get_origin(kind) in (list, tuple, np.ndarray) else "a section")


def option_names(kind: Any, prefix: str = "") -> Iterator[str]:
    """Yield the full names of all fields of a dataclass and of the dataclasses in it."""
    section = section_of(kind)
    for name, hint in fields_of(section).items() if section else ():
        inner = section_of(split(hint)[0])
        if inner is None:
            yield f"{prefix}{name}"
        else:
            yield from option_names(inner, f"{prefix}{name}.")
