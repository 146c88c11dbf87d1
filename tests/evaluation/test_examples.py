"""Sentences on which two systems differ most."""

from __future__ import annotations

import numpy as np

from mtlite.evaluation.examples import SentenceExamples


def test_the_furthest_ahead_come_first_and_ties_are_decided_by_chrf2():
    hypotheses = {name: [f"{name} {number}" for number in range(4)] for name in ("one", "other")}
    bleu = {"one": np.array([50.0, 90.0, 50.0, 10.0]), "other": np.array([40.0, 10.0, 40.0, 10.5])}
    chrf2 = {"one": np.array([50.0, 50.0, 60.0, 50.0]), "other": np.full(4, 50.0)}
    examples = SentenceExamples(list("abcd"), list("ABCD"), hypotheses, bleu, chrf2)
    found = examples.of_lead("one", "other", 3)
    assert [each.line for each in found] == [2, 3, 1]
    assert found[0].hypotheses == {"one": "one 1", "other": "other 1"}
    assert (found[0].source, found[0].reference) == ("b", "B")
    assert (found[0].bleu, found[0].chrf2) == ({"one": 90.0, "other": 10.0}, {"one": 50.0, "other": 50.0})
    assert [each.line for each in examples.of_lead("other", "one", 3)] == [4]
