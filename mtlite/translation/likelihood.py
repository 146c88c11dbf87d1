"""The likelihood of given translations under a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from mtlite.data.batches import Sequences, group_by_length
from mtlite.evaluation.likelihood import Likelihood
from mtlite.topologies.topology import Topology
from mtlite.translation.side_by_side import Map, side_by_side

Ids = Sequence[Sequence[int]]

_IDS = tf.TensorSpec([None, None], tf.int32)


class LikelihoodScorer:
    """Computes −log p of given pairs with the weights that a model has when this is called.

    Ids have `</s>`; `batch_tokens` are padded ones; `each` goes over the batches. The loss of `ctc` sums
    over all paths.
    """

    def __init__(
        self, model: Topology, source_ids: Ids, target_ids: Ids, batch_tokens: int, each: Map = side_by_side
    ) -> None:
        self.model, self.each = model, each
        source, target = Sequences.of(source_ids), Sequences.of(target_ids)
        lengths = np.diff(source.offsets), np.diff(target.offsets)
        self.groups = group_by_length(*lengths, batch_tokens, np.random.default_rng(0))
        self.batches = [(source.padded(rows), target.padded(rows)) for rows in self.groups]
        self._losses = tf.function(self._losses_of_batch, input_signature=[_IDS, _IDS])

    def _losses_of_batch(self, source: tf.Tensor, target: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        losses = self.model.losses_of(source, target, 0.0)
        return losses.nll, losses.tokens, losses.unreachable

    def __call__(self) -> Likelihood:
        """Score all pairs, in their order."""
        found = np.zeros([3, sum(map(len, self.groups))], np.float32)
        results = self.each(lambda batch: self._losses(*batch), self.batches)
        for rows, losses in zip(self.groups, results, strict=True):
            found[:, rows] = losses
        return Likelihood(*found)
