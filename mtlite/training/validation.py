"""Dev loss and dev BLEU of a model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from mtlite.config import SearchConfig
from mtlite.data.batches import Sequences, group_by_length
from mtlite.data.ids import EOS
from mtlite.data.tokenizer import Tokenizers
from mtlite.evaluation.scores import bleu
from mtlite.hardware import lanes
from mtlite.models.topologies.topology import Topology
from mtlite.search.searcher import Searcher, greedy_config

_IDS = tf.TensorSpec([None, None], tf.int32)


class Validation:
    """Scores a model on the dev set.

    Args:
        model: the topology; scored with the weights that it has when asked.
        tokenizers: of both sides.
        sources: raw source lines.
        references: raw target lines.
        target_language: chooses the metric's tokenizer.
        search: batch size and limits.
        batch_tokens: padded tokens of a batch of the loss.
    """

    def __init__(
        self,
        model: Topology,
        tokenizers: Tokenizers,
        sources: list[str],
        references: list[str],
        target_language: str | None,
        search: SearchConfig,
        batch_tokens: int,
    ) -> None:
        self.model, self.tokenizers = model, tokenizers
        self.references, self.target_language = references, target_language
        limit = search.max_source_tokens
        everything = tokenizers.source.encode(sources)
        self.cut = sum(len(ids) > limit for ids in everything)
        self.source_ids = [[*ids[: limit - 1], EOS] if len(ids) > limit else ids for ids in everything]
        source, target = Sequences.of(self.source_ids), Sequences.of(tokenizers.target.encode(references))
        lengths = np.diff(source.offsets), np.diff(target.offsets)
        groups = group_by_length(*lengths, batch_tokens, np.random.default_rng(0))
        self.batches = [(source.padded(rows), target.padded(rows)) for rows in groups]
        self.searcher = Searcher([model], greedy_config(search))
        self._loss = tf.function(self._loss_of_batch, input_signature=[_IDS, _IDS])

    def _loss_of_batch(self, source: tf.Tensor, target: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        loss = self.model.loss_of(source, target, None, 0.0)
        return loss.nll, loss.tokens, loss.unreachable

    def _sums(self) -> tuple[float, float, float]:
        """−log p over the references, their pieces that can be reached, and those that cannot."""
        with ThreadPoolExecutor(lanes()) as pool:
            losses = pool.map(lambda batch: [float(value) for value in self._loss(*batch)], self.batches)
            nll, tokens, unreachable = np.sum(list(losses), axis=0).tolist()
        return nll, tokens, unreachable

    def loss(self) -> float:
        """Unsmoothed −log p of the references per target piece that the topology can reach."""
        nll, tokens, _ = self._sums()
        return nll / max(tokens, 1.0)

    def unreachable(self) -> float:
        """Share of the pieces of the references that the topology has no position for: a matter of lengths alone."""
        _, tokens, unreachable = self._sums()
        return unreachable / max(tokens + unreachable, 1.0)

    def bleu(self) -> float:
        """BLEU of greedy translations, detokenised, against the raw references."""
        found = self.searcher.search(self.source_ids)
        hypotheses = self.tokenizers.target.decode([sentence.ids[0] for sentence in found])
        return bleu(hypotheses, self.references, self.target_language)
