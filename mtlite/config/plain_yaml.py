"""YAML as plain values, by the rules of YAML 1.2: `no` is a text, `010` is ten, `1e3` a thousand.

PyYAML follows YAML 1.1, where `no` is false, `010` eight and `1e3` a text. Here PyYAML still parses and writes, but
the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema) says what a value means.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from mtlite.errors import UsageError
from mtlite.limits import MAX_DEPTH, MAX_YAML_BYTES

_NULL, _BOOL, _INT, _FLOAT = (f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))
# By tag, what a plain text of that type looks like; any other one is a text.
_CORE = {
    _NULL: re.compile(r"~|null|Null|NULL|"),
    _BOOL: re.compile(r"true|True|TRUE|false|False|FALSE"),
    _INT: re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    _FLOAT: re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
}


def _tag_of(text: str) -> str | None:
    """The tag of a plain scalar; None if it is a text."""
    return next((tag for tag, pattern in _CORE.items() if pattern.fullmatch(text)), None)


def _number_of(text: str) -> int | float:
    """A number of the core schema; ValueError or OverflowError if it has too many digits, or no float is as large."""
    if _CORE[_INT].fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if text.lower().endswith(("inf", "nan")):
        return float(text.replace(".", ""))
    if math.isinf(number := float(text)):
        raise OverflowError
    return number


class _Loader(yaml.SafeLoader):
    """Plain values only: no alias (a few lines of them fill any memory), no key twice, no deep nesting."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - see `resolve`
    yaml_constructors = {  # noqa: RUF012 - the types of the core schema; no others, such as dates and bytes
        tag: yaml.SafeLoader.yaml_constructors[tag]
        for tag in (*(f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map")), None)
    }
    depth = 0

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        """The tag of a node that has none."""
        if kind is yaml.ScalarNode and implicit[0] and (tag := _tag_of(value)):
            return tag
        return super().resolve(kind, value, implicit)  # type: ignore[no-any-return, no-untyped-call]

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise self._refused("an alias (*): write the values out")
        if self.depth > MAX_DEPTH:
            raise self._refused(f"it nests deeper than {MAX_DEPTH} levels")
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

    def construct_core(self, node: yaml.ScalarNode) -> bool | int | float | None:
        """A scalar that is no text, by its form or by the tag before it."""
        value = self.construct_scalar(node)
        if not _CORE[node.tag].fullmatch(value):
            raise yaml.MarkedYAMLError(None, None, f"{value[:80]} is no {node.tag.rpartition(':')[2]}", node.start_mark)
        if node.tag in (_NULL, _BOOL):
            return value.lower() == "true" if node.tag == _BOOL else None
        try:
            return _number_of(value) if node.tag == _INT else float(_number_of(value))
        except (ValueError, OverflowError):
            raise yaml.MarkedYAMLError(None, None, f"{value[:80]} is too large a number", node.start_mark) from None


for _tag in _CORE:
    _Loader.add_constructor(_tag, _Loader.construct_core)


class _Dumper(yaml.SafeDumper):
    """Quotes a text that a reader of YAML 1.1 or one of YAML 1.2 would take for something else."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        found = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
        is_text = kind is yaml.ScalarNode and found == "tag:yaml.org,2002:str"
        return _tag_of(value) or found if is_text and implicit[0] else found  # type: ignore[no-any-return]

    event: yaml.ScalarEvent

    def choose_scalar_style(self) -> Any:
        """In single quotes, a line separator (U+0085, U+2028) would be read back as a space or another line end."""
        return super().choose_scalar_style() if self.event.value.isprintable() else '"'


def parse_yaml(content: bytes | str, origin: str) -> Any:
    """Read YAML as plain values; refuse what is too large, too deep, not YAML, or anything but plain values."""
    if len(content) > MAX_YAML_BYTES:
        raise UsageError(f"{origin} has more than {MAX_YAML_BYTES:,} bytes: give a YAML file as in scripts/recipes")
    try:
        return yaml.load(content, Loader=_Loader)  # a subclass of the safe one
    except yaml.MarkedYAMLError as error:
        line = _line_of(error, content if isinstance(content, str) else content.decode(errors="replace"))
        raise UsageError(f"{origin}, line {line} is not plain YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise UsageError(f"{origin} is not YAML: {' '.join(str(error).split())}") from None


def _line_of(error: yaml.MarkedYAMLError, text: str) -> int:
    """The line with the mistake, from 1: what was never ended is noticed by the parser later only."""
    unended = ("while scanning a simple key", "while scanning a quoted", "while parsing a flow")
    mark = error.context_mark if (error.context or "").startswith(unended) else error.problem_mark
    line = mark.line if mark else 0
    before = "".join(re.split(r"\r\n|[\r\n\x85\u2028\u2029]", text)[line - 1 : line])  # as YAML counts lines
    if line and "mapping values" in (error.problem or "") and ":" not in before.partition("#")[0]:
        line -= 1  # it lacks its colon, and goes on in the next one
    return line + 1


def write_yaml(values: Any) -> str:
    """Plain values as YAML that `parse_yaml` reads back as the same."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True)  # type: ignore[no-any-return]
