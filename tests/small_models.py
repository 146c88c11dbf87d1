"""Models small enough to be built in every test, and sentences of random ids."""

from __future__ import annotations

from functools import cache
from typing import Any

import keras
import numpy as np

from mtlite.config.length_rules import LengthRule, LengthRules
from mtlite.config.registry import entry_of
from mtlite.config.resolve import ResolvedModel, TopologyConfig
from mtlite.data.ids import EOS
from mtlite.topologies.build import build_model
from mtlite.topologies.topology import Topology

LENGTHS = LengthRules(direct=LengthRule(1.0, 2.0), search=LengthRule(1.0, 3.0), fixed=8, expansion=2)
VOCABULARY = 20
SEARCHED_LENGTHS = LengthRules(direct=LengthRule(1.0, 1.0), search=LengthRule(0.5, 1.0), fixed=6, expansion=2)
SEARCHED_VOCABULARY = 30


def config_of(
    topology: str,
    vocabulary: int = VOCABULARY,
    joint: bool = True,
    lengths: LengthRules = LENGTHS,
    precision: str = "float32",
    **options: Any,
) -> TopologyConfig:
    """One layer of eight units without dropout, with other options if given."""
    sizes = {"embedding_size": 8, "units": 8, "layers": 1, "dropout": 0.0, "embedding_dropout": 0.0}
    both_ways = "bidirectional" in entry_of(topology).options
    model = ResolvedModel(topology=topology, **{"bidirectional": both_ways, **sizes, **options})
    vocabularies = {"source_vocabulary": vocabulary, "target_vocabulary": vocabulary, "joint": joint}
    return TopologyConfig.of(model, **vocabularies, lengths=lengths, precision=precision)


def build(topology: str, seed: int = 1, **options: Any) -> Topology:
    """A model with the weights of that seed; options as `config_of`."""
    keras.utils.set_random_seed(seed)
    return build_model(config_of(topology, **options))


@cache
def build_varied(topology: str = "attention", seed: int = 1, vocabulary: int = SEARCHED_VOCABULARY) -> Topology:
    """A model whose weights are so large that hypotheses differ. Tests must not change it."""
    sizes = {"embedding_size": 8, "units": 12, "layers": 2}
    model = build(topology, seed, vocabulary=vocabulary, lengths=SEARCHED_LENGTHS, **sizes)
    draw = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(draw.normal(scale=0.8, size=weight.shape))
    model.head.bias.assign(model.head.bias + 5.0 * np.eye(vocabulary)[EOS])  # some hypotheses end, some go on
    return model


def random_sources() -> list[list[int]]:
    """40 sentences of 1 to 15 tokens, each with `</s>`."""
    draw = np.random.default_rng(3)
    lengths = [0, 14, *draw.integers(1, 15, 38)]
    return [[*draw.integers(4, SEARCHED_VOCABULARY, length).tolist(), EOS] for length in lengths]


def keras_lstm(lstm: keras.layers.LSTM, **options: Any) -> keras.layers.LSTM:
    """Keras' own layer with the same weights, whose outputs are sequences."""
    layer = keras.layers.LSTM(lstm.units, return_sequences=True, **options)
    layer.build((None, None, lstm.cell.kernel.shape[0]))
    layer.set_weights(lstm.get_weights())
    return layer


def build_plain(topology: str, **options: Any) -> Topology:
    """One direction, and an output head that is a Dense layer: what the Keras model of a docstring has."""
    both_ways = {"bidirectional": False} if "bidirectional" in entry_of(topology).options else {}
    return build(topology, joint=False, tied_embeddings=False, **both_ways, **options)
