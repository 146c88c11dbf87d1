"""From a configuration to a model."""

from __future__ import annotations

from small_models import build, config_of

from mtlite.topologies.build import build_model, topology_class
from mtlite.topologies.ctc import CTC


def test_the_class_of_a_name() -> None:
    assert topology_class("ctc") is CTC


def test_a_model_is_that_of_its_configuration_and_seed() -> None:
    config = config_of("peek", layers=2)
    model = build_model(config)
    assert model.config == config
    assert model.built
    first, second, third = (build("peek", seed=seed).weights[0].numpy() for seed in (1, 1, 2))
    assert (first == second).all()
    assert (first != third).any()
