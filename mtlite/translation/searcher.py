"""Ids in, hypotheses out: batches of like lengths through the search that was asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, NamedTuple, cast

import numpy as np
import tensorflow as tf

from mtlite.config.options import SearchConfig
from mtlite.data.batches import pad
from mtlite.data.ids import EOS, PAD
from mtlite.layers.dtypes import cast_once
from mtlite.runtime import lanes
from mtlite.search.beam import beam_search
from mtlite.search.ctc import best_path, prefix_beam_search
from mtlite.search.greedy import greedy
from mtlite.search.hypotheses import Hypotheses
from mtlite.search.one_pass import one_pass
from mtlite.search.sampling import sample
from mtlite.search.stepper import Stepper
from mtlite.topologies.autoregressive import Autoregressive
from mtlite.topologies.ctc import CTC
from mtlite.topologies.direct import Direct
from mtlite.topologies.topology import Topology


class Found(NamedTuple):
    """The hypotheses of one sentence, best first."""

    ids: list[list[int]]  # without </s>
    scores: list[float]
    weights: np.ndarray  # [length with </s> if written, source length]: attention of the best; no columns without


class Searcher:
    """Translates ids with one model, or with several whose vocabularies are the same.

    Args:
        models: the models; several as `refuse_unjoinable` lets them through.
        config: which search, and its numbers.
        seed: for sampling.
    """

    def __init__(self, models: list[Topology], config: SearchConfig, seed: int = 1) -> None:
        self.models, self.config, self.seed = models, config, seed
        ids = tf.TensorSpec([None, None], tf.int32)
        self._run = tf.function(
            self._search,
            input_signature=[ids, tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, None], tf.float32)],
        )

    def _search(self, source: tf.Tensor, limits: tf.Tensor, uniforms: tf.Tensor) -> Hypotheses:
        with ExitStack() as once:
            for model in self.models:
                factors = [weight for weight in model.trainable_variables if len(weight.shape) == 2]
                once.enter_context(cast_once(factors, model.config["precision"]))
            return self._searched(source, limits, uniforms)

    def _searched(self, source: tf.Tensor, limits: tf.Tensor, uniforms: tf.Tensor) -> Hypotheses:
        config, first = self.config, self.models[0]
        if isinstance(first, CTC):
            if config.beam_size == 1:
                return best_path(first, source)
            return prefix_beam_search(first, source, config.beam_size)
        if isinstance(first, Direct):
            return one_pass(cast(list[Direct], self.models), source)
        stepper = Stepper(cast(list[Autoregressive], self.models))
        if config.sample:
            return sample(stepper, source, limits, uniforms, config.temperature, config.top_k, config.top_p)
        if config.beam_size == 1:
            return greedy(stepper, source, limits)
        return beam_search(stepper, source, limits, config.beam_size, config.length_penalty)

    def limits(self, lengths: np.ndarray) -> np.ndarray:
        """How many tokens hypotheses for sources of these lengths may have."""
        return np.max([model.lengths.limits(lengths) for model in self.models], axis=0)  # type: ignore[no-any-return]

    def search(self, sources: list[list[int]], first: int = 0) -> list[Found]:
        """Translate.

        Args:
            sources: ids of each sentence, with `</s>`.
            first: number of the first sentence: a sample depends on the seed and the sentence's number alone.

        Returns:
            As many results, in the same order.
        """
        lengths = np.array([len(ids) for ids in sources], np.int32)
        order = np.argsort(-lengths, kind="stable")
        batches = []
        start = 0
        while start < len(order):
            width = int(lengths[order[start]]) * (1 if self.config.sample else self.config.beam_size)
            batches.append(order[start : start + max(1, self.config.batch_tokens // width)])
            start += len(batches[-1])
        found: list[Found | None] = [None] * len(sources)
        with ThreadPoolExecutor(lanes()) as pool:
            results = pool.map(lambda rows: self.batch([sources[row] for row in rows], first + rows), batches)
            for rows, result in zip(batches, results, strict=True):
                for row, each in zip(rows, result, strict=True):
                    found[row] = each
        return cast(list[Found], found)

    def batch(self, sources: list[list[int]], numbers: np.ndarray, padding: int = 0) -> list[Found]:
        """Translate all sentences at once.

        Args:
            sources: ids of each sentence, with `</s>`.
            numbers: of the sentences, for sampling.
            padding: further columns of padding; they change nothing.
        """
        limits = self.limits(np.array([len(ids) for ids in sources]))
        uniforms = np.zeros((len(sources), 0), np.float32)
        if self.config.sample:
            uniforms = np.stack(
                [
                    np.random.Generator(np.random.Philox(key=[self.seed, number])).random(limits.max(), np.float32)
                    for number in numbers
                ]
            )
        source = np.pad(pad(sources), [(0, 0), (0, padding)])
        results = self._run(tf.constant(source), tf.constant(limits, tf.int32), tf.constant(uniforms))
        return [
            self._one(len(ids), *arrays)
            for ids, *arrays in zip(sources, *(result.numpy() for result in results), strict=True)
        ]

    def _one(self, source_length: int, ids: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> Found:
        possible = max(1, int(np.sum(scores > -np.inf)))  # fewer where the vocabulary and the limit allow no more
        rows = [row[: np.count_nonzero(row != PAD)].tolist() for row in ids[: min(possible, self.config.nbest)]]
        return Found(
            [row[:-1] if row[-1:] == [EOS] else row for row in rows],
            [float(score) for score in scores[: len(rows)]],
            weights[: len(rows[0]), :source_length],
        )


def greedy_config(config: SearchConfig) -> SearchConfig:
    """The same search settings with greedy search: what is used on the dev set during training."""
    values: dict[str, Any] = {**vars(config), "beam_size": 1, "nbest": 1, "sample": False}
    return SearchConfig(**values)
