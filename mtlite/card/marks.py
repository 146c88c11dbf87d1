"""A card has two owners: what stands between marks is written anew, everything around them is its user's."""

from __future__ import annotations

import re
from collections.abc import Callable, Set

import yaml

from mtlite.errors import RunError

_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_METADATA = "# mtlite: from here", "# mtlite: to here; your own keys stand outside, and count"
_BODY = "<!-- mtlite: from here -->", "<!-- mtlite: to here; your own words stand outside, and stay -->"
Marks = tuple[str, str]


def refreshed(before: str, metadata: Callable[[Set[str]], str], body: str, origin: str) -> str:
    """A card with new content between its marks, which are put in where they are missing.

    Args:
        before: the card as it is; empty if there is none.
        metadata: given the keys that the user has written, YAML of all others.
        body: Markdown.
        origin: the file, for an error about metadata that are no YAML.
    """
    front = _FRONT.match(before)
    theirs, rest = (front[1], before[front.end() :]) if front else ("", before)
    keys = _keys(_replaced(theirs, _METADATA, None), origin)
    head = _replaced(theirs, _METADATA, metadata(keys))
    text = _replaced(rest if front else f"\n{rest}", _BODY, body)
    return f"---\n{head}---\n{text}"


def _replaced(text: str, marks: Marks, new: str | None) -> str:
    """The text with new lines between the marks, at its end if they are not there; None takes the marks away, too."""
    begin, end = marks
    inner = "" if new is None else f"{begin}\n{new.strip()}\n{end}\n"
    pattern = rf"^{re.escape(begin)}[ \t\r]*$.*?^{re.escape(end)}[ \t\r]*$\n?"
    found = re.search(pattern, text, re.DOTALL | re.MULTILINE)
    if found:
        return text[: found.start()] + inner + text[found.end() :]
    return text + ("" if not text or text.endswith("\n") else "\n") + inner


def _keys(text: str, origin: str) -> set[str]:
    """The keys in a part of the metadata."""
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise RunError(f"{origin}: its metadata are no YAML ({' '.join(str(error).split())[:200]}): mend it") from None
    if values is not None and not isinstance(values, dict):
        raise RunError(f"{origin}: expected metadata by name, such as 'license: mit', received {str(values)[:80]!r}")
    return {str(key) for key in values or ()}
