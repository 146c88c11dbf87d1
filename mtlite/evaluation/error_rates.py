"""Exact match, and error rates by edit distance: for words (WER), phones (PER) and characters (CER).

Words and phones stand between spaces, as the text has them; case and punctuation count. The rate is 100 times the edits
(insertions, deletions, replacements) of all sentences for all tokens of the references, so it can be above 100. With
several references, a sentence is compared with the one that is nearest, and of equally near ones with the longest.

The "word error rate" of grapheme-to-phoneme papers is another thing: the share of words whose phones are not all right,
100 − exact match.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sacrebleu.metrics.base import Metric, Score, Signature

from mtlite.evaluation.translation_edit_rate import edits
from mtlite.version import __version__

TOKENS = {"wer": "words", "per": "phones", "cer": "characters"}
"""By metric, what an error rate counts."""


class _Signature(Signature):
    def __init__(self, args: dict[str, Any]) -> None:
        super().__init__(args)
        self.info |= {"tok": args["tokens"], "version": f"mtlite-{__version__}"}


class _Rate(Metric):
    """A metric of two counts a sentence: 100 times the sum of the first for each of the second."""

    _SIGNATURE_TYPE = _Signature

    def __init__(self, tokens: str) -> None:
        super().__init__()
        self.tokens = tokens  # what is counted

    def _preprocess_segment(self, sent: str) -> str:
        return sent

    def _extract_reference_info(self, refs: Sequence[str]) -> dict[str, list[str]]:
        return {"references": list(refs)}

    def _compute_score_from_stats(self, stats: list[float]) -> Score:
        counted, of = stats
        return Score(self.tokens, 100 * counted / of if of else 100.0 * (counted > 0))

    def _aggregate_and_compute(self, stats: list[list[float]]) -> Score:
        return self._compute_score_from_stats([sum(column) for column in zip(*stats, strict=True)])


class ExactMatch(_Rate):
    """The share of sentences that are equal to a reference, character by character."""

    def __init__(self) -> None:
        super().__init__("sentences")

    def _compute_segment_statistics(self, hypothesis: str, ref_kwargs: dict[str, list[str]]) -> list[int]:
        return [int(hypothesis in ref_kwargs["references"]), 1]


class ErrorRate(_Rate):
    """Edits for each token of the references. Of more than a thousand tokens, they are counted part by part."""

    def _split(self, text: str) -> Sequence[str]:
        return text.strip() if self.tokens == "characters" else text.split()

    def _compute_segment_statistics(self, hypothesis: str, ref_kwargs: dict[str, list[str]]) -> list[int]:
        written = self._split(hypothesis)
        found = [(edits(written, expected), len(expected)) for expected in map(self._split, ref_kwargs["references"])]
        return [*min(found, key=lambda each: (each[0], -each[1]))]
