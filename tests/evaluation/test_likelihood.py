"""−log p of references, over the sentences that all systems can write."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from mtlite.evaluation.likelihood import Likelihood, compare_likelihood


def numbers(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


EVERYTHING = Likelihood(numbers(1, 2, 9), numbers(2, 2, 3), numbers(0, 0, 0))
NOT_THE_LAST = Likelihood(numbers(2, 4, 1), numbers(2, 2, 1), numbers(0, 0, 2))


def test_only_sentences_that_all_can_write_are_compared() -> None:
    floors = {"attention": 0.0, "aligned": 0.0}
    found = compare_likelihood({"attention": {1: EVERYTHING, 2: EVERYTHING}, "aligned": {1: NOT_THE_LAST}}, floors)
    assert found.sentences == 2
    assert found.writable == {"attention": 1.0, "aligned": pytest.approx(2 / 3)}
    assert found.nll_per_piece == {"attention": {1: 0.75, 2: 0.75}, "aligned": {1: 1.5}}
    alone = compare_likelihood({"attention": {1: EVERYTHING}}, {"attention": 0.5})
    assert alone.nll_per_piece == {"attention": {1: pytest.approx(12 / 7 - 0.5)}}
    assert alone.floors == {"attention": 0.5}


def test_nothing_in_common() -> None:
    nothing = dataclasses.replace(NOT_THE_LAST, unreachable=numbers(1, 1, 1))
    found = compare_likelihood(
        {"attention": {1: EVERYTHING}, "one-to-one": {1: nothing}}, {"attention": 0.0, "one-to-one": 0.0}
    )
    assert (found.sentences, found.nll_per_piece) == (0, {"attention": {}, "one-to-one": {}})
    assert found.writable["one-to-one"] == 0.0
