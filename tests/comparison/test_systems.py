"""Names and means of systems."""

from __future__ import annotations

import dataclasses

import pytest
from made_up import made_up

from mtlite.comparison.systems import System, TrainedSystem, label


def test_names() -> None:
    assert System("peek").name == "peek"
    assert System("peek", {"model.units": 4, "training.schedule": "cosine"}).name == "peek units=4 schedule=cosine"
    assert label({"model.residual": True}) == "residual=true"


def test_means_are_over_seeds() -> None:
    _, outcomes = made_up(topologies=["peek"])
    first, second = outcomes.values()
    slow = dataclasses.replace(second, training_seconds=first.training_seconds + 10)
    system = TrainedSystem(System("peek"), {1: first, 2: slow})
    assert system.mean("training_seconds") == pytest.approx(first.training_seconds + 5)
    assert system.parameters == first.facts.parameters
    assert len(system.scores("greedy", "test", "bleu")) == 2
    assert system.not_converged == []
