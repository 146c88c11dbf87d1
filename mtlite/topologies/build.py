"""From a configuration to a model."""

from __future__ import annotations

import importlib
import random

import tensorflow as tf

from mtlite.config.registry import entry_of
from mtlite.config.resolve import TopologyConfig
from mtlite.topologies.contract import check_topology
from mtlite.topologies.topology import Topology


def topology_class(name: str) -> type[Topology]:
    """The class that the registry names."""
    module, _, class_name = entry_of(name).path.partition(":")
    return getattr(importlib.import_module(module), class_name)  # type: ignore[no-any-return]


def build_model(config: TopologyConfig) -> Topology:
    """Build a topology with its weights; try one from outside mtlite with `check_topology`."""
    model = topology_class(config.topology)(config, name="topology")
    if ":" in config.topology:
        check_topology(model)
    model.make_weights()
    return model


def weight_shapes(config: TopologyConfig) -> dict[str, tuple[int, ...]]:
    """Give the shape of each weight of a model by its path, without memory for the weights."""
    before = random.getstate()  # Keras draws the seed of every initializer from it
    try:
        with tf.Graph().as_default():
            model = build_model(config)
    finally:
        random.setstate(before)
    return {weight.path: tuple(weight.shape) for weight in model.weights}
