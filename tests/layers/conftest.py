"""Models small enough to be built in every test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from mtlite.config.length_rules import LengthRule, Lengths
from mtlite.config.options import ModelConfig
from mtlite.config.registry import both_directions
from mtlite.topologies.build import build_model
from mtlite.topologies.topology import Topology

LENGTHS = Lengths(direct=LengthRule(1.0, 2.0), search=LengthRule(1.0, 3.0), fixed=8, expansion=2)
VOCABULARY = 20


@pytest.fixture(scope="session")
def build() -> Callable[..., Topology]:
    """`build(name, **options)`: a model with random weights, drawn by seed."""

    def build(
        name: str,
        seed: int = 1,
        vocabulary: int = VOCABULARY,
        joint: bool = True,
        lengths: Lengths = LENGTHS,
        precision: str = "float32",
        **options: Any,
    ) -> Topology:
        keras.utils.set_random_seed(seed)
        sizes = {"embedding_size": 8, "units": 8, "layers": 1, "dropout": 0.0, "embedding_dropout": 0.0}
        config = ModelConfig(topology=name, **{"bidirectional": both_directions(name, None), **sizes, **options})
        return build_model(
            config,
            source_vocabulary=vocabulary,
            target_vocabulary=vocabulary,
            joint=joint,
            lengths=lengths,
            precision=precision,
        )

    return build


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(1)
