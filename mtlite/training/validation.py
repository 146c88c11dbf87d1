"""Dev loss and dev BLEU of a model."""

from __future__ import annotations

from mtlite.config.options import SearchConfig
from mtlite.data.ids import truncate
from mtlite.data.tokenizer import Tokenizers
from mtlite.evaluation.references import References, first_of
from mtlite.evaluation.scores import bleu
from mtlite.topologies.topology import Topology
from mtlite.translation.likelihood import LikelihoodScorer
from mtlite.translation.searcher import Searcher


class Validation:
    """Scores a model, with its current weights, on raw source lines and raw target lines.

    With several references of a sentence, the loss is that of the first one.
    `target_language` chooses the metric's tokenizer; `batch_tokens` are padded tokens of a batch of the loss.
    """

    def __init__(
        self,
        model: Topology,
        tokenizers: Tokenizers,
        dev: tuple[list[str], References],
        target_language: str | None,
        search: SearchConfig,
        batch_tokens: int,
    ) -> None:
        self.tokenizers, self.target_language = tokenizers, target_language
        sources, self.references = dev
        limit = search.max_source_tokens
        everything = tokenizers.source.encode(sources)
        self.truncated = sum(len(ids) > limit for ids in everything)
        self.source_ids = [truncate(ids, limit) for ids in everything]
        target_ids = tokenizers.target.encode(first_of(self.references))
        self.likelihood = LikelihoodScorer(model, self.source_ids, target_ids, batch_tokens)
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
        found = self.searcher.search(self.source_ids)
        hypotheses = self.tokenizers.target.decode([sentence.ids[0] for sentence in found])
        return bleu(hypotheses, self.references, self.target_language)
