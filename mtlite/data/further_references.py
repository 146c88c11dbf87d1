"""Dev and test sets whose sentences have several references: from further files, or from pairs with one source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import datasets
import numpy as np

from mtlite.data.cache import keep_rows, pairs_of
from mtlite.data.lines import read_lines
from mtlite.errors import DataError


def read_further(paths: Sequence[str], pairs: int, name: str) -> list[list[str]]:
    """Line n of every file, for each pair of the set called `name`; raise DataError for other counts of lines."""
    files = []
    for path in paths:
        lines = list(read_lines(Path(path)))
        while len(lines) > pairs and not lines[-1].strip():
            lines.pop()
        if len(lines) != pairs:
            problem = f"{name}.references: {path} has {len(lines):,} lines, {name} has {pairs:,} pairs"
            raise DataError(f"{problem}; line n of it must be another translation of source n")
        files.append(lines)
    return [list(texts) for texts in zip(*files, strict=True)]


def join_repeated(pairs: datasets.Dataset, further: list[list[str]]) -> tuple[datasets.Dataset, list[list[str]]]:
    """The first pair of each source, and the further references of each, which are different texts.

    Args:
        further: those of each pair; none of any if empty.
    """
    rows: dict[str, int] = {}
    references: list[dict[str, None]] = []
    first = np.zeros(len(pairs), dtype=bool)
    for number, (source, target) in enumerate(pairs_of(pairs)):
        if source not in rows:
            rows[source] = len(references)
            references.append({})
            first[number] = True
        references[rows[source]] |= dict.fromkeys([target, *(further[number] if further else [])])
    return keep_rows(pairs, first), [list(texts)[1:] for texts in references]
