"""`card/examples.py`: which sentences a card shows follows from their scores alone."""

from __future__ import annotations

import numpy as np
from sacrebleu.metrics.chrf import CHRF

from mtlite.card.examples import PLACES, choose_examples, places
from mtlite.storage.run_directory import Run
from mtlite.translation.result import read_result


def test_places_are_shares_of_the_sentences_in_their_order():
    scores = np.arange(101)[::-1]
    assert places(scores) == dict(zip(PLACES, (100, 90, 50, 10, 0), strict=True))


def test_of_equal_sentences_the_earlier_one_is_first_and_none_comes_twice():
    assert places([5.0]) == {"worst": 0}
    assert places([1.0, 1.0]) == {"worst": 0, "nine tenths are worse": 1}
    assert len({*places([7.0] * 20).values()}) == len(places([7.0] * 20)) == 5


def test_examples_are_lines_of_the_run_with_their_own_score(tiny_run):
    run = Run.open(tiny_run)
    test, examples = choose_examples(run, read_result(run))
    assert test == "test"
    assert [each.score for each in examples] == sorted(each.score for each in examples)
    hypotheses = run.read_lines("hypotheses.txt")
    for each in examples:
        assert each.source == run.read_side("test.source")[each.line - 1]
        assert each.reference == run.references("test")[each.line - 1]
        assert each.hypothesis == hypotheses[each.line - 1]
        assert abs(each.score - CHRF().sentence_score(each.hypothesis, [each.reference]).score) < 1e-6
