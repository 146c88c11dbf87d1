"""Words by how often they occur."""

from __future__ import annotations

import pytest

from mtlite.evaluation.words import word_frequencies, words_by_frequency


def test_f_measure_by_frequency_by_hand():
    references = [["the", "dog", "the"], ["the", "gnu"]]
    outputs = [["the", "the", "the", "cat"], ["gnu", "dog"]]
    table = words_by_frequency("training", {"the": 100, "dog": 7, "cat": 7}, {"one": outputs}, references)
    assert table.buckets == ["0", "5 to 9", "100 to 999"]
    assert table.words == [1, 1, 3]
    # gnu: 1 of 1 and 1. dog, cat: 0 of 2 and 1. the: 2 right of 3 written, 3 expected.
    assert table.f_measure == {"one": pytest.approx([100, 0, 100 * 2 * 2 / 6])}


def test_word_frequencies_count_as_bleu_does():
    assert word_frequencies(["The dog.", "The (dog)"], "en") == {"The": 2, "dog": 2, ".": 1, "(": 1, ")": 1}
