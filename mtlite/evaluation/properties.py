"""What the sentences of a test set can be sorted by, whoever translates them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mtlite.evaluation.metrics import Words, split_words
from mtlite.evaluation.word_order import reordering
from mtlite.evaluation.words import frequencies_of


@dataclass(frozen=True)
class SentenceProperties:
    """Properties of each sentence."""

    source_length: list[int]  # words
    reordering: list[int | None]  # pairs of linked words in another order in the reference, %; None: not known
    frequencies: list[list[int]]  # of each word of the reference
    reference_words: Words

    @property
    def rarest_word(self) -> list[int | None]:
        """The frequency of the rarest word of each reference; None for one without a word."""
        return [min(of_words, default=None) for of_words in self.frequencies]


def sentence_properties(
    sources: Sequence[str],
    references: Sequence[str],
    source_language: str | None,
    target_language: str | None,
    training_frequencies: Mapping[str, int] | None = None,
) -> SentenceProperties:
    """Look at each sentence.

    Args:
        training_frequencies: how often a word of the target side occurs in training; if None, in the references.
    """
    source_words, reference_words = split_words(sources, source_language), split_words(references, target_language)
    frequencies = frequencies_of(reference_words) if training_frequencies is None else training_frequencies
    moved = [share if share is None else whole_percent(share) for share in reordering(source_words, reference_words)]
    return SentenceProperties(
        [len(line) for line in source_words],
        moved,
        [[frequencies.get(word, 0) for word in line] for line in reference_words],
        reference_words,
    )


def whole_percent(share: float) -> int:
    """A share in percent, rounded up, so that 0 means none at all."""
    return math.ceil(round(100 * share, 6))
