"""Sentences sorted into buckets: scores are those of the sentences in each."""

from __future__ import annotations

import pytest
from sacrebleu.metrics import BLEU, CHRF

from mtlite.evaluation.buckets import bucket_labels, scores_by_bucket, sentences_by_bucket
from mtlite.evaluation.statistics import sentence_statistics


@pytest.fixture(scope="module")
def systems(translate):
    return {"fair": translate(0.3, 1), "good": translate(0.1, 2), "bad": translate(0.8, 3)}


def test_bucket_labels():
    assert bucket_labels([0, 1, 5, 10]) == ["<0", "0", "1 to 4", "5 to 9", "≥10"]
    assert bucket_labels([-2, 0]) == ["<-2", "-2 to -1", "≥0"]


def test_scores_by_bucket_are_those_of_its_sentences(systems, references):
    taken = {name: sentence_statistics(lines, references, "en").counts for name, lines in systems.items()}
    values = [None if index < 3 else len(line.split()) for index, line in enumerate(references)]
    table = scores_by_bucket(
        "words",
        [0, 5, 10, 99],
        values,
        {name: counts["bleu"] for name, counts in taken.items()},
        {name: counts["chrf2"] for name, counts in taken.items()},
    )
    assert table.buckets == ["0 to 4", "5 to 9", "10 to 98", "not known"]
    assert sum(table.sentences) == len(references)
    chosen = [index for index, value in enumerate(values) if value is not None and 5 <= value <= 9]
    assert table.sentences[1] == len(chosen)
    for name, lines in systems.items():
        pair = [lines[index] for index in chosen], [[references[index] for index in chosen]]
        assert table.bleu[name][1] == pytest.approx(BLEU().corpus_score(*pair).score)
        assert table.chrf2[name][1] == pytest.approx(CHRF().corpus_score(*pair).score)


def test_sentences_by_bucket():
    table = sentences_by_bucket("difference", [-1, 0, 1], {"one": [-5, -1, 0, 0, 7], "other": [0]})
    assert table.buckets == ["<-1", "-1", "0", "≥1"]
    assert table.sentences == {"one": [1, 1, 2, 1], "other": [0, 0, 1, 0]}
