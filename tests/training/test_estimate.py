"""How long an update takes, on a clock that is made up."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest

from mtlite.data.prepare import prepare
from mtlite.training import estimate
from mtlite.training.step import TrainingStep, Update


def test_the_first_update_is_not_counted_and_the_median_is_taken(tiny_config, monkeypatch):
    durations = [100.0, 1.0, 9.0, 1.0, 9.0, 9.0]
    readings = itertools.accumulate(seconds for each in durations for seconds in (0.0, each))
    monkeypatch.setattr(estimate, "time", SimpleNamespace(perf_counter=lambda: next(readings)))
    rates = []

    def step(self, batches, rate, update):
        rates.append((rate, update, len(batches)))
        return Update(1.0, 1.0, 1.0, 1.0)

    monkeypatch.setattr(TrainingStep, "__call__", step)
    prepared = prepare(tiny_config(training={"accumulate": 2}), lambda line: None)
    assert estimate.seconds_per_update(prepared) == pytest.approx(9.0)
    assert rates == [(0.0, update, 2) for update in range(1, 7)]  # no weight is moved
