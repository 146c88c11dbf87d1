from pathlib import Path

import datasets
import pytest
from data.corpus_files import data_config, parallel

from mtlite.config.options import CorpusConfig
from mtlite.data.cache import pairs_of
from mtlite.data.corpus import load_corpus
from mtlite.data.readers import Pair
from mtlite.data.splits import split_off
from mtlite.errors import DataError

pytestmark = pytest.mark.usefixtures("cache")


def repetitive(count: int) -> list[Pair]:
    return [(f"source {number // 2 % (count // 4)}", f"target {number % (count // 2)}") for number in range(count)]


def parts_of(folder: Path, pairs: list[Pair], seed: int, held_out: int = 1000) -> list[list[Pair]]:
    corpus = load_corpus(data_config(**parallel(folder, pairs), held_out=held_out, seed=seed))
    return [list(pairs_of(part)) for part in (corpus.train, corpus.dev, corpus.tests["test"])]


def test_missing_sets_are_split_off_the_training_pairs(tmp_path):
    pairs = repetitive(400)
    train, dev, test = parts_of(tmp_path, pairs, 1, held_out=10)
    assert len(dev) == len(test) == 10
    assert set(train) | set(dev) | set(test) == set(pairs)
    sources = [{source for source, _ in part} for part in (train, dev, test)]
    assert sum(map(len, sources)) == len(set.union(*sources))
    assert len(dev) == len(set(dev))
    assert train == [pair for pair in pairs if pair in set(train)]
    assert dev == [pair for pair in dict.fromkeys(pairs) if pair in set(dev)]
    assert parts_of(tmp_path, pairs, 1, held_out=10) == [train, dev, test]
    assert parts_of(tmp_path, pairs, 2, held_out=10) != [train, dev, test]
    assert [sorted(set(part)) for part in parts_of(tmp_path, pairs[::-1], 1, held_out=10)] == [
        sorted(set(part)) for part in (train, dev, test)
    ]


def test_at_most_a_tenth_of_the_distinct_pairs_is_split_off(tmp_path):
    _, dev, test = parts_of(tmp_path, repetitive(400), 1)
    assert 15 <= len(dev) <= 20
    assert 15 <= len(test) <= 20


def test_one_missing_set_is_split_off_and_noted(tmp_path):
    pairs = [(f"a {number}", f"b {number}") for number in range(100)]
    given = CorpusConfig(**parallel(tmp_path, [("x", "y")], "dev"))
    corpus = load_corpus(data_config(**parallel(tmp_path, pairs), dev=given, held_out=5, seed=7))
    assert (len(corpus.train), len(corpus.dev), len(corpus.tests["test"])) == (95, 1, 5)
    assert "5 of 100 training pairs were split off as the test set (data.held_out 5, data.seed 7)" in corpus.notes[-1]


def test_all_copies_of_a_large_group_stay_together(tmp_path):
    pairs = [("same", f"b {number}") for number in range(50)] + [(f"a {number}", "b") for number in range(50)]
    train, dev, test = parts_of(tmp_path, pairs, 1)
    assert {source for source, _ in train} >= {"same"}
    assert len(dev) == len(test) == 10


def test_corpora_that_cannot_be_split(tmp_path):
    with pytest.raises(
        DataError, match=r"data\.train: .* 20 different pairs.* received 19: give data\.test and data\.dev"
    ):
        parts_of(tmp_path, [(str(number % 19), "b") for number in range(60)], 1)
    with pytest.raises(DataError, match="every source sentence has more than 3 translations"):
        parts_of(tmp_path, [("same", str(number)) for number in range(30)], 1)


def test_a_sentence_that_is_added_moves_no_other(tmp_path):
    pairs = [(f"a {number}", f"b {number}") for number in range(200)]
    _, dev, test = parts_of(tmp_path, pairs, 1, held_out=10)
    _, later_dev, later_test = parts_of(tmp_path, [("new", "new"), *pairs], 1, held_out=10)
    assert len(set(dev + test) & set(later_dev + later_test)) >= 19


def test_pairs_with_line_breaks_and_copies_are_in_no_set(tmp_path):
    pairs = [(f"a{' ' if number % 2 else chr(10)}{number}", f"b {number}") for number in range(100)] * 2
    train = datasets.Dataset.from_dict(dict(zip(("source", "target"), zip(*pairs, strict=True), strict=True)))
    left, sets, notes = split_off(train, ["data.dev"], 4, 1)
    assert len(sets["data.dev"]) == len(set(sets["data.dev"]["source"])) == 4
    assert not any("\n" in source for source in sets["data.dev"]["source"])
    assert len(left) == 200 - 2 * 4
    assert notes[0].startswith("4 of 200 training pairs were split off as the dev set (data.held_out 4, data.seed 1)")


def test_the_split_is_computed_once(tmp_path, monkeypatch):
    pairs = [(f"a {number}", f"b {number}") for number in range(100)]
    first = parts_of(tmp_path, pairs, 1)
    monkeypatch.setattr("mtlite.data.splits._hashes", lambda *_: pytest.fail("computed again"))
    assert parts_of(tmp_path, pairs, 1) == first
