"""TER with a bound on its work: sacrebleu's up to a hundred words a sentence, edits without shifts beyond.

The search for shifts grows with the square of the length, and one pair of a thousand words can take minutes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sacrebleu.metrics.ter import TER

from mtlite.limits import MAX_TER_WORDS

_WORDS_AT_ONCE = 1000  # whose edits are counted exactly; texts without any sentence ends are cut into such parts


class BoundedTER(TER):
    """sacrebleu's TER, except for long sentences; `without_shifts` counts these."""

    def __init__(self, normalized: bool = False, asian_support: bool = False) -> None:
        super().__init__(normalized=normalized, asian_support=asian_support)
        self.without_shifts = 0

    def _compute_segment_statistics(self, hypothesis: str, ref_kwargs: dict[str, list[list[str]]]) -> list[float]:
        words, references = hypothesis.split(), ref_kwargs["ref_words"]
        if max(len(words), *map(len, references)) <= MAX_TER_WORDS:
            return super()._compute_segment_statistics(hypothesis, ref_kwargs)  # type: ignore[no-any-return]
        self.without_shifts += 1
        return [min(edits(words, each) for each in references), sum(map(len, references)) / len(references)]


def edits(first: Sequence[str], second: Sequence[str]) -> int:
    """Words to insert, delete or replace; of more than a thousand, at most so many, counted part by part."""
    parts = max(1, -(-max(len(first), len(second)) // _WORDS_AT_ONCE))
    numbers: dict[str, int] = {}
    ids = [np.array([numbers.setdefault(word, len(numbers)) for word in words], int) for words in (first, second)]
    return sum(_edits(*both) for both in zip(*(np.array_split(each, parts) for each in ids), strict=True))


def _edits(first: np.ndarray, second: np.ndarray) -> int:
    """The Levenshtein distance, a row of its table at a time."""
    steps = np.arange(len(second) + 1)
    row = steps
    for number, word in enumerate(first, 1):
        best = np.minimum(row[1:] + 1, row[:-1] + (second != word))
        # What is inserted comes from the left: the smallest of all cells there, plus the way from it.
        row = np.minimum.accumulate(np.concatenate([[number], best]) - steps) + steps
    return int(row[-1])
