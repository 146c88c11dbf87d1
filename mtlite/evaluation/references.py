"""Several references for a sentence: each of them is right.

Wherever references are taken, a sentence has one text, or a list of them. Sentences may have different numbers of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

References = Sequence[str] | Sequence[Sequence[str]]
"""By sentence, its reference or all of its references."""


def listed(references: References) -> list[list[str]]:
    """By sentence, the list of its references."""
    return [[each] if isinstance(each, str) else list(each) for each in references]


def first_of(references: References) -> list[str]:
    """By sentence, its first reference: for what needs exactly one."""
    return [each if isinstance(each, str) else each[0] for each in references]


def as_streams(references: References) -> list[list[str | None]]:
    """As sacrebleu takes them: a list of all first references, one of all second ones; None where there is none."""
    return [list(stream) for stream in zip_longest(*listed(references))]


def beside_each_other(files: Sequence[Sequence[str]]) -> References:
    """By sentence, its line in every one of some files, which have equally many; of a single file, its lines."""
    return files[0] if len(files) == 1 else [list(lines) for lines in zip(*files, strict=True)]


def most_of_a_sentence(references: References) -> int:
    """The largest number of references that a sentence has; 0 without sentences."""
    return max(map(len, listed(references)), default=0)
