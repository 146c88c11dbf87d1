"""`page/measure.py`: what rounding costs."""

from __future__ import annotations

import numpy as np
import pytest

from mtlite.page import measure as measuring
from mtlite.page.measure import measure
from mtlite.storage.run_directory import Run
from mtlite.translation.scoring import evaluate


def test_each_precision_is_scored_and_float32_is_the_run_itself(tiny_run):
    run = Run.open(tiny_run)
    measured = measure(run)
    assert list(measured.bleu) == ["float32", "bfloat16", "int8"]
    assert measured.test == "test"
    assert measured.bleu["float32"] == pytest.approx(evaluate(run)["test"].scores.bleu.score)


def test_the_weights_that_are_scored_are_the_rounded_ones(tiny_run, monkeypatch):
    seen = {}

    def keep_nothing(arrays, precision):
        seen[precision] = len(arrays)
        return {name: np.zeros_like(array) if precision == "int8" else array for name, array in arrays.items()}

    monkeypatch.setattr(measuring, "rounded", keep_nothing)
    texts = []
    from mtlite.translation import scoring

    score_lines = scoring.score_lines

    def watched(*arguments):
        scored = score_lines(*arguments)
        texts.append(scored.hypotheses)
        return scored

    monkeypatch.setattr(scoring, "score_lines", watched)
    measure(Run.open(tiny_run))
    assert list(seen) == ["float32", "bfloat16", "int8"]
    assert texts[0] == texts[1] != texts[2]
