"""The sentences on which two systems differ most, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SentenceExample:
    """One sentence as two systems translate it.

    Args:
        line: Its number in the test set, from 1.
        source: The source line.
        reference: The reference line.
        hypotheses: By system, its translation.
        bleu: By system, sentence BLEU, over the orders that the hypothesis has.
        chrf2: By system, sentence chrF2.
    """

    line: int
    source: str
    reference: str
    hypotheses: dict[str, str]
    bleu: dict[str, float]
    chrf2: dict[str, float]


@dataclass(frozen=True)
class SentenceExamples:
    """A test set with all its translations, to pick examples from.

    Args:
        sources: The source lines.
        references: The reference lines.
        hypotheses: By system, its translations.
        bleu: By system, sentence BLEU [sentences].
        chrf2: By system, sentence chrF2 [sentences].
    """

    sources: Sequence[str]
    references: Sequence[str]
    hypotheses: Mapping[str, Sequence[str]]
    bleu: Mapping[str, np.ndarray]
    chrf2: Mapping[str, np.ndarray]

    def of_lead(self, ahead: str, behind: str, count: int) -> list[SentenceExample]:
        """The sentences where one system is furthest ahead of another in BLEU; of equal leads, furthest in chrF2."""
        bleu_lead, chrf2_lead = (scores[ahead] - scores[behind] for scores in (self.bleu, self.chrf2))
        furthest = np.lexsort((-chrf2_lead, -bleu_lead))[:count]
        return [self.example(int(index), (ahead, behind)) for index in furthest if bleu_lead[index] > 0]

    def example(self, index: int, names: Sequence[str]) -> SentenceExample:
        """One sentence, counted from 0, as some systems translate it."""
        return SentenceExample(
            line=index + 1,
            source=self.sources[index],
            reference=self.references[index],
            hypotheses={name: self.hypotheses[name][index] for name in names},
            bleu={name: float(self.bleu[name][index]) for name in names},
            chrf2={name: float(self.chrf2[name][index]) for name in names},
        )
