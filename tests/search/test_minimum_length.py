"""The least length of a hypothesis, against all hypotheses there are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from search.test_beam import LONGEST, TableStepper

from mtlite.data.ids import EOS, PAD
from mtlite.search.beam import beam_search
from mtlite.search.greedy import greedy
from mtlite.search.minimum_length import MinimumLength


def of_at_least(table: TableStepper, sentence: int, least: int) -> list[tuple[float, list[int]]]:
    """All hypotheses with so many words, best first."""
    return [each for each in table.everything(sentence, LONGEST, 0.0) if sum(id != EOS for id in each[1]) >= least]


@pytest.mark.parametrize("least", [0, 1, 3])
def test_the_beam_finds_the_best_of_those_that_are_long_enough(least: int) -> None:
    table = TableStepper(12, seed=3)
    stepper: Any = MinimumLength(table, least)  # type: ignore[arg-type]
    found = beam_search(stepper, tf.zeros([12, 1], tf.int32), tf.fill([12], LONGEST), 32, 0.0)
    for sentence in range(12):
        score, ids = of_at_least(table, sentence, least)[0]
        np.testing.assert_allclose(found.scores[sentence, 0], score, rtol=1e-5)
        assert [id for id in found.ids[sentence, 0].numpy().tolist() if id != PAD] == ids


def test_greedy_takes_the_likeliest_word_until_it_may_end() -> None:
    table = TableStepper(12, seed=3)
    stepper: Any = MinimumLength(table, 2)  # type: ignore[arg-type]
    found = greedy(stepper, tf.zeros([12, 1], tf.int32), tf.fill([12], LONGEST))
    for sentence in range(12):
        ids = [id for id in found.ids[sentence, 0].numpy().tolist() if id != PAD]
        for at, id in enumerate(ids):
            log_p = table.log_p[sentence, table.code(tuple(ids[:at]))].copy()
            log_p[EOS] = -np.inf if at < 2 else log_p[EOS]
            assert id == log_p.argmax()
