"""Sentences of a record by length, compared as a report compares all of them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from findings import (
    EDGES,
    MOVED,
    by_length,
    by_word_order,
    draw_word_order,
    joined,
    of_rows,
    systems_of,
    table,
    with_itself,
)
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


def sentences_in(label: str) -> int:
    """Those of a bucket, such as 1,200 in `4 to 7 (1,200)`."""
    return int(label.split("(")[1].strip(")").replace(",", ""))


def test_every_sentence_is_in_one_bucket() -> None:
    for record, sentences in {"twelve-village": 1500, "twelve-multi30k": 1000}.items():
        assert sum(sentences_in(point.label) for point in by_length(record).points) == sentences
        assert sum(sentences_in(point.label) for point in by_word_order(record).points) == 1000
        columns, (first, *others) = table(by_length(record))
        assert len(columns) == len(EDGES[record]) == len(first)
        assert first[0] == "`attention`: BLEU"
        assert len(others) == 11


def test_word_order_is_drawn_with_a_panel_for_each_record(tmp_path: Path) -> None:
    assert [point.label.split(" (")[0] for point in by_word_order("twelve-village").points] == [
        "0",
        *(f"{low} to {high - 1}" for low, high in pairwise(MOVED[1:])),
    ]
    draw_word_order(tmp_path / "picture.svg")
    picture = (tmp_path / "picture.svg").read_text()
    assert picture.count("pairs of words in another order") == len(EDGES)


def test_each_system_is_compared_with_itself_in_another_record() -> None:
    """As one family: what is adjusted for twelve is no smaller than what it is adjusted from."""
    pairs = with_itself("twelve-multi30k", "twelve-multi30k-matched")
    assert len(pairs) == 12
    first, second = (
        systems_of(record)["aligned"].scores("greedy", "test", "bleu")
        for record in ("twelve-multi30k", "twelve-multi30k-matched")
    )
    found = pairs["aligned"].difference
    assert found.effect == pytest.approx(np.mean(second) - np.mean(first))
    assert pairs["aligned"].seeds == ([1, 2, 3, 4, 5], [1, 2, 3])
    for pair in pairs.values():
        assert pair.difference.p is not None
        assert pair.difference.adjusted_p is not None
        assert pair.difference.adjusted_p >= pair.difference.p
    assert pairs["attention"].difference.adjusted_p == 1
