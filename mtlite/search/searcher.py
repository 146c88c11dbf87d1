"""Ids in, hypotheses out: batches of like lengths through the search that was asked for."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
import tensorflow as tf

from mtlite.config import SearchConfig
from mtlite.data.batches import pad
from mtlite.data.ids import EOS, PAD
from mtlite.models.topologies.autoregressive import Autoregressive
from mtlite.models.topologies.topology import Topology
from mtlite.search.beam import beam_search
from mtlite.search.greedy import greedy
from mtlite.search.hypotheses import Hypotheses
from mtlite.search.sampling import sample
from mtlite.search.stepper import Stepper

_EXTRA_TOKENS = 10  # beyond the length rule; autoregressive search stops there


class Found(NamedTuple):
    """The hypotheses of one sentence, best first."""

    ids: list[list[int]]  # without </s>
    scores: list[float]
    weights: np.ndarray  # [length with </s>, source length]: attention of the best; source length 0 without attention


class Searcher:
    """Translates ids with one model, or with several whose vocabularies are the same.

    Args:
        models: the models.
        config: which search, and its numbers.
        seed: for sampling.
    """

    def __init__(self, models: list[Topology], config: SearchConfig, seed: int = 1) -> None:
        self.models, self.config, self.seed = models, config, seed
        self.stepper = Stepper(cast(list[Autoregressive], models))
        ids = tf.TensorSpec([None, None], tf.int32)
        self._run = tf.function(
            self._search,
            input_signature=[ids, tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, None], tf.float32)],
        )

    def _search(self, source: tf.Tensor, limits: tf.Tensor, uniforms: tf.Tensor) -> Hypotheses:
        config = self.config
        if config.sample:
            return sample(self.stepper, source, limits, uniforms, config.temperature, config.top_k, config.top_p)
        if config.beam_size == 1:
            return greedy(self.stepper, source, limits)
        return beam_search(self.stepper, source, limits, config.beam_size, config.length_penalty)

    def _limits(self, lengths: np.ndarray) -> np.ndarray:
        rules = [model.lengths.search for model in self.models]
        return np.max([rule(lengths) for rule in rules], axis=0) + _EXTRA_TOKENS  # type: ignore[no-any-return]

    def search(self, sources: list[list[int]]) -> list[Found]:
        """Translate.

        Args:
            sources: ids of each sentence, with `</s>`.

        Returns:
            As many results, in the same order.
        """
        lengths = np.array([len(ids) for ids in sources], np.int32)
        order = np.argsort(-lengths, kind="stable")
        found: list[Found | None] = [None] * len(sources)
        start = 0
        while start < len(order):
            width = int(lengths[order[start]]) * (1 if self.config.sample else self.config.beam_size)
            rows = order[start : start + max(1, self.config.batch_tokens // width)]
            start += len(rows)
            for row, result in zip(rows, self._batch([sources[row] for row in rows], rows), strict=True):
                found[row] = result
        return cast(list[Found], found)

    def _batch(self, sources: list[list[int]], numbers: np.ndarray) -> list[Found]:
        limits = self._limits(np.array([len(ids) for ids in sources]))
        uniforms = np.zeros((len(sources), 0), np.float32)
        if self.config.sample:
            uniforms = np.stack(
                [
                    np.random.Generator(np.random.Philox(key=[self.seed, number])).random(limits.max(), np.float32)
                    for number in numbers
                ]
            )
        source = pad([np.asarray(ids, np.int32) for ids in sources])
        results = self._run(tf.constant(source), tf.constant(limits, tf.int32), tf.constant(uniforms))
        return [
            self._one(len(ids), *arrays)
            for ids, *arrays in zip(sources, *(result.numpy() for result in results), strict=True)
        ]

    def _one(self, source_length: int, ids: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> Found:
        sequences: list[list[int]] = []
        for row in ids[: max(1, self.config.nbest)].tolist():
            end = next((at for at, token in enumerate(row) if token in (EOS, PAD)), len(row))
            sequences.append(row[:end])
        return Found(
            sequences,
            [float(score) for score in scores[: len(sequences)]],
            self._trim(weights, sequences[0], source_length),
        )

    @staticmethod
    def _trim(weights: np.ndarray, ids: list[int], source_length: int) -> np.ndarray:
        return weights[: len(ids) + 1, : min(source_length, weights.shape[1])]


def greedy_config(config: SearchConfig) -> SearchConfig:
    """The same search settings with greedy search: what is used on the dev set during training."""
    values: dict[str, Any] = {**vars(config), "beam_size": 1, "nbest": 1, "sample": False}
    return SearchConfig(**values)
