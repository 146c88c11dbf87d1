"""How well each system gets words right, from unseen to frequent ones, as compare-mt shows it (Neubig et al. 2019)."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mtlite.evaluation.buckets import bucket_labels
from mtlite.evaluation.metrics import Words, split_words

FREQUENCY_EDGES = (0, 1, 2, 3, 4, 5, 10, 100, 1000)


@dataclass(frozen=True)
class WordsByFrequency:
    """F-measure of words by how often they occur elsewhere."""

    title: str  # where the frequency was counted
    buckets: list[str]  # frequencies, such as `5 to 9`; buckets without a reference word are left out
    words: list[int]  # reference words in each bucket
    f_measure: dict[str, list[float]]  # by system, harmonic mean of precision and recall in each bucket, 0 to 100


def word_frequencies(lines: Sequence[str], language: str | None) -> Counter[str]:
    """How often each word occurs, for instance in the target side of the training pairs."""
    return frequencies_of(split_words(lines, language))


def frequencies_of(sentences: Iterable[Iterable[str]]) -> Counter[str]:
    """How often each word occurs in these sentences."""
    return Counter(word for words in sentences for word in words)


def words_by_frequency(
    title: str, frequencies: Mapping[str, int], hypotheses: Mapping[str, Words], references: Words
) -> WordsByFrequency:
    """F-measure of every bucket for every system.

    A word of a hypothesis is right as often as it stands in the reference of that sentence, wherever it stands there.
    """

    def by_bucket(words: Mapping[str, int]) -> list[int]:
        totals = [0] * (len(FREQUENCY_EDGES) + 1)
        for word, count in words.items():
            totals[bisect_right(FREQUENCY_EDGES, frequencies.get(word, 0))] += count
        return totals

    expected = by_bucket(frequencies_of(references))
    filled = [bucket for bucket, count in enumerate(expected) if count]
    f_measure = {}
    for name, outputs in hypotheses.items():
        written = by_bucket(frequencies_of(outputs))
        common = (Counter(output) & Counter(line) for output, line in zip(outputs, references, strict=True))
        correct = by_bucket(frequencies_of(each.elements() for each in common))
        f_measure[name] = [200 * correct[bucket] / (written[bucket] + expected[bucket]) for bucket in filled]
    labels = bucket_labels(FREQUENCY_EDGES)
    return WordsByFrequency(title, [labels[bucket] for bucket in filled], [expected[b] for b in filled], f_measure)
