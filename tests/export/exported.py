"""Small models as folders that translate without mtlite, with the same models in Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from small_models import SEARCHED_LENGTHS, build

from mtlite.config.options import SearchConfig
from mtlite.data.ids import EOS
from mtlite.data.tokenizer import Tokenizers
from mtlite.export.engine import OnnxSearcher
from mtlite.export.graph import Weights
from mtlite.export.onnx_folder import Precision, write_onnx_folder
from mtlite.export.translate import Model
from mtlite.storage.checkpoint import weight_arrays
from mtlite.topologies.topology import Topology
from mtlite.translation.searcher import Searcher
from mtlite.translation.sentences import SentenceHypotheses

TIE = 1e-4
"""Two hypotheses whose log p differ by less may change places: sums of float32 in another order."""


class Exported(NamedTuple):
    """A model in Python, and the folder that it was written into."""

    model: Topology
    tokenizers: Tokenizers
    folder: Path

    def sources(self, count: int = 40) -> list[list[int]]:
        """Sentences of random ids, of 1 to 16 tokens, each with `</s>`."""
        draw = np.random.default_rng(3)
        lengths = [0, 15, *draw.integers(1, 15, count - 2)]
        return [[*draw.integers(4, len(self.tokenizers.source), length).tolist(), EOS] for length in lengths]

    def config(self, **search: Any) -> SearchConfig:
        return SearchConfig(**search).fitting(self.model.config.topology)

    def in_python(self, sources: list[list[int]], **search: Any) -> list[SentenceHypotheses]:
        return Searcher([self.model], self.config(**search)).search(sources)

    def on_onnxruntime(self, sources: list[list[int]], **search: Any) -> list[SentenceHypotheses]:
        return OnnxSearcher(Model(self.folder, threads=1), self.config(**search)).search(sources)


def exported(
    topology: str, tokenizers: Tokenizers, folder: Path, precision: Precision = "float32", **options: Any
) -> Exported:
    """A model whose weights are so large that hypotheses differ."""
    sizes = {"embedding_size": 8, "units": 12, "layers": 2, "vocabulary": len(tokenizers.source), **options}
    model = build(topology, lengths=SEARCHED_LENGTHS, **sizes)
    draw = np.random.default_rng(6)
    for weight in model.weights:
        weight.assign(draw.normal(scale=0.8, size=weight.shape))
    model.head.bias.assign(model.head.bias + 1.0 * np.eye(len(tokenizers.target))[EOS])  # some end, some go on
    folder.mkdir(parents=True)
    weights = Weights(weight_arrays(model.weights), folder)
    write_onnx_folder(folder, model.config, weights, tokenizers, SearchConfig().fitting(topology), precision)
    return Exported(model, tokenizers, folder)


def assert_same(found: Sequence[SentenceHypotheses], expected: Sequence[SentenceHypotheses]) -> None:
    """The same hypotheses in the same order, with the same log p; few may differ, by less than what a tie is."""
    assert len(found) == len(expected)
    others = 0
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, rtol=1e-4, atol=TIE)
        assert len(one.attention) == len(other.attention) or one.ids[0] != other.ids[0]
        others += one.ids != other.ids
    assert others <= len(expected) // 40


def varied(sources: Sequence[list[int]], found: Sequence[SentenceHypotheses]) -> bool:
    """Whether outputs differ enough for a comparison to mean something."""
    return len({tuple(each.ids[0]) for each in found}) > len(sources) // 4
