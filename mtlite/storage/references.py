"""Further references of the sentences of a dev or test set, as lines: each is a JSON list of texts, mostly short.

The first reference of each sentence is a line of its own file, so that whoever needs one finds it there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from mtlite.config.read import parse_json, read_as
from mtlite.errors import UsageError


def as_lines(further: Sequence[Sequence[str]]) -> list[str]:
    """A line for each sentence."""
    return [json.dumps(list(texts), ensure_ascii=False) for texts in further]


def with_further(first: list[str], lines: list[str] | None, origin: str) -> list[str] | list[list[str]]:
    """By sentence, its one reference, or all of them if there are lines that `as_lines` wrote.

    Raise UsageError if those are something else.
    """
    if lines is None:
        return first
    if len(lines) != len(first):
        raise UsageError(f"{origin}: expected further references of {len(first):,} sentences, received {len(lines):,}")
    where = f"{origin}: further references"
    further = [read_as(list[str], parse_json(line, where, UsageError), where) for line in lines]
    return [[text, *more] for text, more in zip(first, further, strict=True)]
