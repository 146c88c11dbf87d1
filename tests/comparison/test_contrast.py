"""What differs between systems is found in the settings of their runs."""

from __future__ import annotations

import dataclasses

from made_up import made_up

from mtlite.comparison.contrast import contrasts
from mtlite.report.gather import gather


def test_every_option_that_differs_is_named() -> None:
    header, outcomes = made_up(topologies=["attention", "peek"])
    for cell, outcome in outcomes.items():
        own = {"model.bidirectional": "attention" in cell, "model.layers": 1 + ("peek" in cell)}
        rate = {"training.learning_rate": 0.02} if "peek" in cell else {}
        outcomes[cell] = dataclasses.replace(outcome, config={**outcome.config, **own, **rate})
    systems, _ = gather(header, outcomes)
    baseline, peek = contrasts(systems)
    assert (baseline.name, baseline.options, baseline.size) == ("attention", {}, 1)
    assert (baseline.directions, peek.directions) == (2, 1)
    assert (baseline.layers, peek.layers) == (1, 2)
    assert peek.options == {"training.learning_rate": ("0.01", "0.02")}
    assert peek.size == peek.parameters / baseline.parameters
    assert peek.flops_per_pair == 123_456_789


def test_an_option_that_a_topology_does_not_use_is_none_of_its_own() -> None:
    header, outcomes = made_up(topologies=["attention", "ctc"])
    for cell, outcome in outcomes.items():
        outcomes[cell] = dataclasses.replace(outcome, config={**outcome.config, "training.label_smoothing": 0.1})
    systems, _ = gather(header, outcomes)
    assert contrasts(systems)[1].options == {"training.label_smoothing": ("0.1", "–")}


def test_what_a_run_does_not_say_is_left_open() -> None:
    systems, _ = gather(*made_up(topologies=["attention"]))
    (alone,) = contrasts(systems)
    assert (alone.directions, alone.layers) == (None, None)
