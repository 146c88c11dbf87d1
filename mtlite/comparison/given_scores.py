"""Scores that another program computed, such as those of a neural metric: a file with one number a sentence.

Higher is better; whoever has a metric where lower is better gives its negative. The score of an output is the mean over
its sentences, and its differences are tested as those of every other metric.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from pathlib import Path

import numpy as np

from mtlite.data.lines import drop_blank_end, read_lines
from mtlite.errors import DataError, UsageError
from mtlite.evaluation.metrics import LABELS

_NAME = re.compile(r"[^\W_][\w.-]{0,39}")
_LARGEST = 1e9


def refuse_names(names: Collection[str]) -> None:
    """Raise UsageError for names that are no names, or those of metrics that are computed here."""
    for name in names:
        if name in LABELS:
            raise UsageError(f"--scores {name}: {name} is computed here: choose it as a metric, or give another name")
        if not _NAME.fullmatch(name):
            expected = "NAME=FILE with a name of letters, digits, '-', '_' and '.'"
            raise UsageError(f"--scores: expected {expected}, received the name {name[:40]!r}")


def read_scores(path: str | Path, sentences: int) -> np.ndarray:
    """Read the scores of so many sentences [sentences]; raise DataError for anything else."""
    scores = []
    for number, line in enumerate(drop_blank_end(read_lines(Path(path))), 1):
        try:
            scores.append(float(line))
        except ValueError:
            scores.append(math.nan)
        if not abs(scores[-1]) <= _LARGEST:
            expected = f"a number of at most {_LARGEST:,.0f}"
            raise DataError(f"{path}, line {number}: expected {expected}, received {line[:40]!r}")
    if len(scores) != sentences:
        raise DataError(f"{path}: expected a score for each of {sentences:,} sentences, received {len(scores):,}")
    return np.array(scores, dtype=np.float64)
