"""Sentences of a record by length, compared as a report compares all of them."""

from __future__ import annotations

import numpy as np
import pytest
from findings import EDGES, by_length, joined, of_rows, table
from made_up import made_up

from mtlite.report.gather import gather


@pytest.fixture(scope="module")
def statistics():
    header, outcomes = made_up()
    systems, _ = gather(header, outcomes)
    return systems[0].statistics("greedy", "test")


def test_test_sets_are_joined_seed_by_seed(statistics) -> None:
    both = joined([statistics, statistics])
    assert both.keys() == statistics.keys()
    for seed, each in both.items():
        assert len(each.counts["bleu"]) == 2 * len(statistics[seed].counts["bleu"])
        np.testing.assert_array_equal(each.counts["ter"][-1], statistics[seed].counts["ter"][-1])


def test_some_sentences(statistics) -> None:
    some = of_rows(statistics[1], np.array([3, 0]))
    np.testing.assert_array_equal(some.counts["bleu"], statistics[1].counts["bleu"][[3, 0]])


def test_every_sentence_is_in_one_bucket() -> None:
    for record, sentences in {"twelve-village": 1500, "twelve-multi30k": 1000}.items():
        counts = [int(point.label.split("(")[1].strip(")").replace(",", "")) for point in by_length(record).points]
        assert sum(counts) == sentences
        columns, (first, *others) = table(by_length(record))
        assert len(columns) == len(EDGES[record]) == len(first)
        assert first[0] == "`attention`: BLEU"
        assert len(others) == 11
