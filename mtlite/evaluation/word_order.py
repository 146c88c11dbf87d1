"""How much the word order of a reference differs from that of its source.

Without an aligner at hand, the words are linked by what the sentence pairs themselves tell: translation probabilities
of IBM model 1 (Brown et al. 1993) in both directions, and a link wherever two words prefer each other. The links of a
pair are a permutation; its distance from the source's order is the share of pairs of links that stand the other way
round, which is Kendall's tau scaled to 0 … 1 (Birch & Osborne 2010). 0 is the same order, 1 is the reverse.

It is an estimate: good enough to sort the sentences of a test set, no measurement of a single one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from mtlite.evaluation.metrics import Words

ITERATIONS = 10  # of expectation maximisation; more changes hardly a link
LEAST_PROBABILITY = 0.01  # of P(target word | source word) × P(source word | target word), for a link
# The part of its score that a link loses from one end of the sentence to the other: it decides between equal words.
NEARNESS = 1e-3


def reordering(sources: Words, references: Words) -> list[float | None]:
    """For each sentence pair the share of pairs of links in another order, 0 to 1; None with fewer than two links."""
    # A capital may be due to the position in the sentence.
    sources, references = ([[word.lower() for word in line] for line in lines] for lines in (sources, references))
    forwards = translation_probabilities(sources, references)
    backwards = translation_probabilities(references, sources)
    return [share_of_swaps(links(there * back.T)) for there, back in zip(forwards, backwards, strict=True)]


def translation_probabilities(sources: Words, targets: Words) -> list[np.ndarray]:
    """P(target word | source word) of IBM model 1, for each sentence pair [source words, target words].

    Each target word comes from one source word of its sentence or from an empty word, all being equally likely.
    """
    source_ids = word_ids([["", *sentence] for sentence in sources])
    target_ids = word_ids(targets)
    # A sentence pair is a matrix of cells [source words, target words]. Equal pairs of words share one entry in the
    # table of probabilities; the cells of a column share out one target word between the source words.
    vocabulary = 1 + max((int(ids.max(initial=0)) for ids in target_ids), default=0)
    pairs = [np.add.outer(source * vocabulary, target) for source, target in zip(source_ids, target_ids, strict=True)]
    first_columns = np.cumsum([0, *map(len, target_ids[:-1])])
    columns = [first + np.indices(pair.shape)[1].ravel() for first, pair in zip(first_columns, pairs, strict=True)]
    entries, entry_of_cell = np.unique(np.concatenate([pair.ravel() for pair in pairs]), return_inverse=True)
    column_of_cell = np.concatenate(columns)
    source_of_entry = entries // vocabulary

    table = np.ones(len(entries))
    for _ in range(ITERATIONS):
        likely = table[entry_of_cell]
        expected = likely / np.bincount(column_of_cell, likely)[column_of_cell]
        weights = np.bincount(entry_of_cell, expected)
        table = weights / np.bincount(source_of_entry, weights)[source_of_entry]
    by_pair = np.split(table[entry_of_cell], np.cumsum([pair.size for pair in pairs])[:-1])
    return [values.reshape(pair.shape)[1:] for values, pair in zip(by_pair, pairs, strict=True)]


def word_ids(sentences: Words) -> list[np.ndarray]:
    """The words of each sentence as numbers from 0, equal words with equal numbers."""
    numbers: dict[str, int] = {}
    return [np.array([numbers.setdefault(word, len(numbers)) for word in words], dtype=int) for words in sentences]


def links(scores: np.ndarray) -> list[tuple[int, int]]:
    """The positions (source, target) of the words that prefer each other, in the order of the source.

    Args:
        scores: how well two words go together [source words, target words].
    """
    if not scores.size:
        return []
    height, width = scores.shape
    distance = np.abs(np.add.outer(np.linspace(0, 1, height), -np.linspace(0, 1, width)))
    nearby = scores * (1 - NEARNESS * distance)
    best_target, best_source = nearby.argmax(axis=1), nearby.argmax(axis=0)
    return [
        (source, int(target))
        for source, target in enumerate(best_target)
        if best_source[target] == source and scores[source, target] >= LEAST_PROBABILITY
    ]


def share_of_swaps(linked: Sequence[tuple[int, int]]) -> float | None:
    """The share of pairs of links whose targets stand the other way round than their sources; None without a pair."""
    swapped = [later[1] < earlier[1] for earlier, later in combinations(linked, 2)]
    return sum(swapped) / len(swapped) if swapped else None
