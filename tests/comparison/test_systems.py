"""Names and means of systems."""

from __future__ import annotations

import dataclasses
import math

import pytest
from made_up import made_up

from mtlite.comparison.systems import System, TrainedSystem, label
from mtlite.evaluation.scores import scores_of


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


def test_lengths_are_means_over_seeds() -> None:
    _, outcomes = made_up(topologies=["peek"])
    system = TrainedSystem(System("peek"), dict(enumerate(outcomes.values())))
    scores = [scores_of(each, confidence=False) for each in system.statistics("greedy", "test").values()]
    ratio, penalty = system.lengths("greedy", "test")
    assert ratio == pytest.approx(sum(each.length_ratio for each in scores) / 2)
    assert penalty == pytest.approx(sum(each.brevity_penalty for each in scores) / 2)


def test_the_floor_is_the_loss_of_a_model_that_gives_what_smoothing_asks_for() -> None:
    _, outcomes = made_up(topologies=["peek", "ctc"], seeds=[1])
    smoothed = {
        name: dataclasses.replace(each, config={**each.config, "training.label_smoothing": 0.1})
        for name, each in outcomes.items()
    }
    asked = 0.9 + 0.1 / 30  # of 30 pieces
    assert TrainedSystem(System("peek"), {1: smoothed["peek-seed-1"]}).smoothing_floor == pytest.approx(
        -math.log(asked)
    )
    assert TrainedSystem(System("ctc"), {1: smoothed["ctc-seed-1"]}).smoothing_floor == 0
    assert TrainedSystem(System("peek"), {1: outcomes["peek-seed-1"]}).smoothing_floor == 0
