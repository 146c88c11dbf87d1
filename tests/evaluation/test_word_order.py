import random

import numpy as np
import pytest

from mtlite.evaluation.word_order import links, reordering, share_of_swaps, translation_probabilities

DICTIONARY = {f"source{number}": f"target{number}" for number in range(40)}


@pytest.fixture(scope="module")
def sources():
    draw = random.Random(0)
    return [draw.sample(list(DICTIONARY), draw.randint(4, 9)) for _ in range(200)]


def translated(words):
    return [DICTIONARY[word] for word in words]


def test_same_order_and_reverse(sources):
    assert reordering(sources, [translated(words) for words in sources]) == [0] * 200
    assert reordering(sources, [translated(words)[::-1] for words in sources]) == [1] * 200


def test_last_word_moves_to_the_front(sources):
    """As many pairs change places as there are other words."""
    moved = reordering(sources, [translated([words[-1], *words[:-1]]) for words in sources])
    assert moved == pytest.approx([(n - 1) / (n * (n - 1) / 2) for n in map(len, sources)])


def test_words_without_a_counterpart_do_not_matter(sources):
    """A word that stands everywhere on one side alone links with nothing for long."""
    shares = reordering(sources, [["um", *translated(words), "zu"] for words in sources])
    assert np.mean([share == 0 for share in shares]) > 0.9


def test_equal_words_link_by_place():
    same = [["the", "dog", "the", "cat", "the", "goat"]]
    assert reordering(same * 3, same * 3) == [0, 0, 0]


def test_case_of_the_first_word_is_ignored():
    assert reordering([["A", "b"], ["b", "a"]], [["X", "y"], ["Y", "x"]]) == [0, 0]


def test_probabilities_of_model_1():
    """With `a b` — `x y` and `a` — `x`, all of `a` goes to `x`, and then all of `b` to `y`."""
    first, second = translation_probabilities([["a", "b"], ["a"]], [["x", "y"], ["x"]])
    assert first.shape == (2, 2)
    assert first == pytest.approx(np.eye(2), abs=0.2)
    assert first.sum(axis=1) == pytest.approx([1, 1])
    assert second == first[:1, :1]


def test_nothing_to_order():
    assert reordering([[], ["a"], ["a"], ["a", "b"]], [["x"], [], ["x"], ["x", "y"]])[:3] == [None, None, None]
    assert reordering([[]], [[]]) == [None]


def test_links_are_mutual_and_likely():
    scores = np.array([[0.9, 0.5, 0.001], [0.8, 0.1, 0.001], [0.0, 0.0, 0.005]])
    assert links(scores) == [(0, 0)]


def test_share_of_swaps():
    assert share_of_swaps([(0, 1), (1, 0), (2, 2)]) == pytest.approx(1 / 3)
    assert share_of_swaps([(0, 1)]) is None
