"""The sentences on which two systems differ most, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SentenceExample:
    """One sentence as two systems translate it."""

    line: int  # its number in the test set, from 1
    source: str
    reference: str
    hypotheses: dict[str, str]  # by system
    bleu: dict[str, float]  # by system, sentence BLEU, over the orders that the hypothesis has
    chrf2: dict[str, float]  # by system, sentence chrF2


@dataclass(frozen=True)
class SentenceExamples:
    """A test set with all its translations, to pick examples from."""

    sources: Sequence[str]
    references: Sequence[str]
    hypotheses: Mapping[str, Sequence[str]]  # by system
    bleu: Mapping[str, np.ndarray]  # by system, sentence BLEU [sentences]
    chrf2: Mapping[str, np.ndarray]  # by system, sentence chrF2 [sentences]

    def of_lead(self, ahead: str, behind: str, count: int) -> list[SentenceExample]:
        """The sentences where one system is furthest ahead of another in BLEU; of equal leads, furthest in chrF2."""
        bleu_lead, chrf2_lead = (scores[ahead] - scores[behind] for scores in (self.bleu, self.chrf2))
        furthest = [at for at in np.lexsort((-chrf2_lead, -bleu_lead))[:count].tolist() if bleu_lead[at] > 0]
        return [
            SentenceExample(
                line=at + 1,
                source=self.sources[at],
                reference=self.references[at],
                hypotheses={name: self.hypotheses[name][at] for name in (ahead, behind)},
                bleu={name: float(self.bleu[name][at]) for name in (ahead, behind)},
                chrf2={name: float(self.chrf2[name][at]) for name in (ahead, behind)},
            )
            for at in furthest
        ]
