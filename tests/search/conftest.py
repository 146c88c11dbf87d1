"""Models with random weights, large enough that hypotheses differ, and sentences of random ids."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest

from mtlite.config.length_rules import LengthRule, Lengths
from mtlite.config.options import ModelConfig
from mtlite.data.ids import EOS
from mtlite.topologies.build import build_model
from mtlite.topologies.topology import Topology

VOCABULARY = 30
LENGTHS = Lengths(direct=LengthRule(1.0, 1.0), search=LengthRule(0.5, 1.0), fixed=6, expansion=2)


@pytest.fixture(scope="session")
def make_model() -> Callable[..., Topology]:
    """`make_model(topology, seed)`"""

    def make(topology: str = "attention", seed: int = 1, vocabulary: int = VOCABULARY) -> Topology:
        keras.utils.set_random_seed(seed)
        config = ModelConfig(
            topology=topology,
            embedding_size=8,
            units=12,
            layers=2,
            bidirectional=topology != "many-to-one",
            dropout=0.0,
            embedding_dropout=0.0,
        )
        model = build_model(
            config,
            source_vocabulary=vocabulary,
            target_vocabulary=vocabulary,
            joint=True,
            lengths=LENGTHS,
            precision="float32",
        )
        draw = np.random.default_rng(seed)
        for weight in model.weights:
            weight.assign(draw.normal(scale=0.8, size=weight.shape))
        model.head.bias.assign(model.head.bias + 5.0 * np.eye(vocabulary)[EOS])  # some hypotheses end, some go on
        return model

    return make


@pytest.fixture(scope="session")
def attention_model(make_model: Callable[..., Topology]) -> Topology:
    return make_model()


@pytest.fixture(scope="session")
def sources() -> list[list[int]]:
    """40 sentences of 1 to 15 tokens, each with `</s>`."""
    draw = np.random.default_rng(3)
    lengths = [0, 14, *draw.integers(1, 15, 38)]
    return [[*draw.integers(4, VOCABULARY, length).tolist(), EOS] for length in lengths]
