"""Runs of words."""

from __future__ import annotations

from collections import Counter

import pytest

from mtlite.evaluation.ngrams import correct_ngrams, has_repeat, ngram_gains, share_with_repeat


def test_ngrams_that_one_system_gets_right():
    references = [["a", "b", "c"], ["a", "b"], ["a"]]
    first = correct_ngrams([["a", "b", "c"], ["a", "b"], ["x"]], references)
    second = correct_ngrams([["c", "a", "a"], ["b", "a"], ["a"]], references)
    assert first[("a",)] == 2
    assert first[("a", "b")] == 2
    assert first[("a", "b", "c")] == 1
    assert second == Counter({("a",): 3, ("b",): 1, ("c",): 1})
    gains = [(gain.ngram, gain.correct, gain.correct_in_other) for gain in ngram_gains(first, second, 10)]
    assert gains == [("a b", 2, 0), ("a b c", 1, 0), ("b c", 1, 0), ("b", 2, 1)]
    assert [gain.ngram for gain in ngram_gains(second, first, 10)] == ["a"]
    assert len(ngram_gains(first, second, 2)) == 2


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("a a", True),
        ("x a b a b", True),
        ("a b c d a b c d", True),
        ("a b a", False),
        ("a b c d e a b c d e", False),
        ("", False),
    ],
)
def test_repeats(sentence, expected):
    assert has_repeat(sentence.split()) == expected
    assert share_with_repeat([sentence.split(), ["a"]]) == expected / 2
