"""Charts: the names and numbers that were given are in them, and the same numbers make the same drawing."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
import pytest

from mtlite.report import charts

SCORES, INTERVALS = {"a <b>": [20.0, 22.0], "$c$": [3.0]}, {"a <b>": (19.0, 23.0), "$c$": (2.0, 4.0)}
CURVES = {name: {seed: [(10, 3.0, 1.0 + seed), (20, 2.0, 4.0)] for seed in (1, 2)} for name in ("a <b>", "$c$")}
DRAWINGS: dict[str, Callable[[], bytes]] = {
    "intervals": lambda: charts.scores_with_intervals(
        {"a <b>": [20.0, 22.0], "$c$": [3.0]}, {"a <b>": (19, 23), "$c$": (2, 4)}, "BLEU"
    ),
    "curves": lambda: charts.learning_curves(CURVES),
    "buckets": lambda: charts.by_bucket({"a <b>": [1.0, 2.0], "$c$": [3.0, 0.0]}, ["<5", "≥5"], "words"),
    "matrix": lambda: charts.matrix_of_differences(["a <b>", "$c$"], {("a <b>", "$c$"): (2.5, True)}),
    "cost": lambda: charts.side_by_side(
        {"BLEU": {"a <b>": 20.0, "$c$": 3.0}, "parameters": {"a <b>": 2e8, "$c$": 1e5}}
    ),
}


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_a_chart_is_an_svg_that_is_the_same_every_time(drawing: str) -> None:
    svg = DRAWINGS[drawing]()
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert DRAWINGS[drawing]() == svg
    assert b"$c$ -->" in svg


def test_curves_go_as_far_as_all_seeds_go() -> None:
    updates, middle, low, high = charts._over_seeds({1: [(10, 3.0, 1.0), (20, 2.0, 2.0)], 2: [(10, 3.0, 3.0)]})
    assert (updates.tolist(), middle.tolist(), low.tolist(), high.tolist()) == ([10], [2.0], [1.0], [3.0])


def test_an_attention_map() -> None:
    assert ElementTree.fromstring(charts.attention_map(["a"], ["b"], np.ones((1, 1)))).tag.endswith("svg")


def test_numbers_beside_bars_are_short() -> None:
    assert [charts._short(value) for value in (0.0, 68.3, 2907.0, 943_136.0, 2_341_792.0)] == [
        *("0.0", "68.3", "2,907", "943k", "2.34M"),
    ]
