"""Dev loss and dev BLEU of a model."""

from __future__ import annotations

import numpy as np

from mtlite.config.options import SearchConfig
from mtlite.data.ids import truncate
from mtlite.data.tokenizer import Tokenizers
from mtlite.evaluation.references import References, first_of
from mtlite.evaluation.scores import bleu
from mtlite.topologies.topology import Topology
from mtlite.translation.likelihood import LikelihoodScorer
from mtlite.translation.searcher import Searcher
from mtlite.translation.side_by_side import Map, side_by_side


class Validation:
    """Scores a model, with its current weights, on raw source lines and raw target lines.

    With several references of a sentence, the loss is that of the first one.
    `target_language` chooses the metric's tokenizer; `batch_tokens` are those of a batch of the loss; `each` goes over
    batches.
    """

    def __init__(
        self,
        model: Topology,
        tokenizers: Tokenizers,
        dev: tuple[list[str], References],
        target_language: str | None,
        search: SearchConfig,
        batch_tokens: int,
        each: Map = side_by_side,
    ) -> None:
        self.tokenizers, self.target_language, self.each = tokenizers, target_language, each
        sources, self.references = dev
        limit = search.max_source_tokens
        everything = tokenizers.source.encode(sources)
        self.truncated = sum(len(ids) > limit for ids in everything)
        self.source_ids = [truncate(ids, limit) for ids in everything]
        target_ids = tokenizers.target.encode(first_of(self.references))
        self.likelihood = LikelihoodScorer(model, self.source_ids, target_ids, batch_tokens, each)
        self.searcher = Searcher([model], search.greedy())

    def loss(self) -> float:
        """Unsmoothed −log p of the references per target piece that the topology can reach."""
        return self.likelihood().per_piece()

    def unreachable(self) -> float:
        """Share of the pieces of the references that the topology has no position for; it depends on lengths alone."""
        found = self.likelihood()
        return float(found.unreachable.sum() / max((found.pieces + found.unreachable).sum(), 1.0))

    def bleu(self) -> float:
        """BLEU of greedy translations, detokenised, against the raw references."""
        batches = self.searcher.batches(self.source_ids)
        found: list[list[int]] = [[]] * len(self.source_ids)
        for rows, written in zip(batches, self.each(self._written, batches), strict=True):
            for row, ids in zip(rows, written, strict=True):
                found[row] = ids
        return bleu(self.tokenizers.target.decode(found), self.references, self.target_language)

    def _written(self, rows: np.ndarray) -> list[list[int]]:
        """The ids of the best hypothesis of some sentences."""
        return [found.ids[0] for found in self.searcher.batch([self.source_ids[row] for row in rows], rows)]
