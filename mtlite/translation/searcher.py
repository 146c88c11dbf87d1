"""Ids in, hypotheses out: batches of similar lengths through the configured search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple, cast

import numpy as np
import tensorflow as tf

from mtlite.config.options import SearchConfig
from mtlite.config.registry import entry_of
from mtlite.data.batches import pad
from mtlite.data.ids import EOS, PAD
from mtlite.layers.dtypes import cast_ahead
from mtlite.search.beam import beam_search
from mtlite.search.ctc import best_path, prefix_beam_search
from mtlite.search.greedy import greedy
from mtlite.search.hypotheses import Hypotheses
from mtlite.search.minimum_length import MinimumLength
from mtlite.search.one_pass import one_pass
from mtlite.search.sampling import sample
from mtlite.search.stepper import Stepper
from mtlite.topologies.topology import Topology
from mtlite.translation.sentences import SentenceHypotheses, refuse_nan
from mtlite.translation.side_by_side import side_by_side


class Asked(NamedTuple):
    """The input of a search, besides the models."""

    source: tf.Tensor  # [batch, source length] ids
    limits: tf.Tensor  # [batch] tokens of an output, at most
    uniforms: tf.Tensor  # [batch, longest limit] random numbers, for sampling
    config: SearchConfig


def _token_by_token(models: Sequence[Any], asked: Asked) -> Hypotheses:
    source, limits, uniforms, config = asked
    stepper = Stepper(models)
    if config.min_length:
        stepper = MinimumLength(stepper, config.min_length)
    if config.sample:
        return sample(stepper, source, limits, uniforms, config.temperature, config.top_k, config.top_p)
    if config.beam_size == 1:
        return greedy(stepper, source, limits)
    return beam_search(stepper, source, limits, config.beam_size, config.length_penalty)


def _over_paths(models: Sequence[Any], asked: Asked) -> Hypotheses:
    (model,), source, config = models, asked.source, asked.config
    if config.beam_size == 1 and not config.min_length:
        return best_path(model, source, config.blank_penalty)
    # One path cannot be made longer without looking at others.
    return prefix_beam_search(model, source, config.beam_size, config.min_length, config.blank_penalty)


_SEARCHES: dict[str, Callable[[Sequence[Any], Asked], Hypotheses]] = {
    "token by token": _token_by_token,
    "one pass": lambda models, asked: one_pass(models, asked.source, asked.config.min_length),
    "paths": _over_paths,
}


class Searcher:
    """Translates ids with one model, or with several that passed `refuse_unjoinable`; the seed is for sampling."""

    def __init__(self, models: list[Topology], config: SearchConfig, seed: int = 1) -> None:
        self.models, self.config, self.seed = models, config, seed
        shapes = ([None, None], tf.int32), ([None], tf.int32), ([None, None], tf.float32)
        self._run = tf.function(self._search, input_signature=[tf.TensorSpec(*shape) for shape in shapes])

    def _search(self, source: tf.Tensor, limits: tf.Tensor, uniforms: tf.Tensor) -> Hypotheses:
        with ExitStack() as ahead:
            for model in self.models:
                factors = [weight for weight in model.trainable_variables if len(weight.shape) == 2]
                ahead.enter_context(cast_ahead(factors, model.config.precision))
            search = entry_of(self.models[0].config.topology).search
            return _SEARCHES[search](self.models, Asked(source, limits, uniforms, self.config))

    def limits(self, lengths: np.ndarray) -> np.ndarray:
        """The most tokens that hypotheses for sources of these lengths may have."""
        limits = [model.config.lengths.limits(lengths) for model in self.models]
        return np.maximum(np.max(limits, axis=0), self.config.min_length + 1)  # type: ignore[no-any-return]

    def _positions(self, length: int) -> int:
        """The output positions of one source that are in memory at once."""
        config = self.models[0].config
        return config.lengths.most_positions(length) if entry_of(config.topology).family == "direct" else 0

    def batches(self, sources: list[list[int]]) -> list[np.ndarray]:
        """Which sentences, by their places, are translated together: those of like lengths."""
        lengths = np.array([len(ids) for ids in sources], np.int32)
        order = np.argsort(-lengths, kind="stable")
        batches, start = [], 0
        while start < len(order):
            length = int(lengths[order[start]])
            width = max(length * (1 if self.config.sample else self.config.beam_size), self._positions(length) // 16)
            batches.append(order[start : start + max(1, self.config.batch_tokens // width)])
            start += len(batches[-1])
        return batches

    def search(self, sources: list[list[int]], first: int = 0) -> list[SentenceHypotheses]:
        """Translate ids with `</s>`; as many results, in the same order.

        `first` is the number of the first sentence: a sample depends on the seed and the sentence's number alone.
        """
        batches = self.batches(sources)
        found: list[SentenceHypotheses | None] = [None] * len(sources)
        results = side_by_side(lambda rows: self.batch([sources[row] for row in rows], first + rows), batches)
        for rows, result in zip(batches, results, strict=True):
            for row, each in zip(rows, result, strict=True):
                found[row] = each
        return cast(list[SentenceHypotheses], found)

    def batch(self, sources: list[list[int]], numbers: np.ndarray, padding: int = 0) -> list[SentenceHypotheses]:
        """Translate ids with `</s>` at once; numbers of sentences are for sampling, more `padding` changes nothing."""
        limits = self.limits(np.array([len(ids) for ids in sources]))
        uniforms = np.zeros((len(sources), 0), np.float32)
        if self.config.sample:
            random = [np.random.Generator(np.random.Philox(key=[self.seed, number])) for number in numbers]
            uniforms = np.stack([each.random(limits.max(), np.float32) for each in random])
        source = np.pad(pad(sources), [(0, 0), (0, padding)])
        found = self._run(tf.constant(source), tf.constant(limits, tf.int32), tf.constant(uniforms))
        results = [result.numpy() for result in found]
        refuse_nan(results[Hypotheses._fields.index("scores")])
        rows = zip(sources, *results, strict=True)
        return [self._one(len(ids), *arrays) for ids, *arrays in rows]

    def _one(
        self, source_length: int, ids: np.ndarray, scores: np.ndarray, attention: np.ndarray
    ) -> SentenceHypotheses:
        possible = max(1, int(np.sum(scores > -np.inf)))  # fewer where the vocabulary and the limit allow no more
        kept = possible if self.config.nbest > 1 else 1  # all of the beam: several may give one text
        rows = [row[: np.count_nonzero(row != PAD)].tolist() for row in ids[:kept]]
        return SentenceHypotheses(
            [row[:-1] if row[-1:] == [EOS] else row for row in rows],
            [float(score) for score in scores[: len(rows)]],
            attention[: len(rows[0]), :source_length],
        )
