"""Sentences in, translations out, around whatever translates ids. TensorFlow is not needed here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import numpy as np

from mtlite.config.options import SearchConfig
from mtlite.data.ids import EOS, UNK, truncate
from mtlite.data.tokenizer import Tokenizers
from mtlite.errors import MtliteError, UsageError


class SentenceHypotheses(NamedTuple):
    """The hypotheses of one sentence, best first."""

    ids: list[list[int]]  # without </s>
    scores: list[float]
    attention: np.ndarray  # [length with </s> if written, source length] of the best; no columns without


class Translation(NamedTuple):
    """One sentence translated."""

    texts: list[str]  # n best, best first; fewer where not so many differ
    scores: list[float]
    source_pieces: list[str]
    target_pieces: list[str]  # of the best, with </s> if written
    attention: np.ndarray  # [target pieces, source pieces]; source length 0 without attention
    truncated: bool  # whether the source was longer than search.max_source_tokens
    unknown: list[str]  # parts of the source for which the vocabulary has no piece


class IdSearcher(Protocol):
    """Whatever translates ids."""

    def search(self, sources: list[list[int]], first: int = 0) -> list[SentenceHypotheses]:
        """Translate ids with `</s>`; as many results, in the same order. `first` is the first sentence's number."""


class SentenceTranslator:
    """Translates text with a searcher of ids."""

    def __init__(self, tokenizers: Tokenizers, config: SearchConfig, searcher: IdSearcher) -> None:
        self.tokenizers, self.config, self.searcher = tokenizers, config, searcher

    def translate(self, lines: Iterable[str], first: int = 0) -> list[Translation]:
        """Translate sentences; as many results, in the same order. An empty line gives an empty one.

        `first` is the number of the first one, if they are part of something longer: sampling depends on it.
        """
        if isinstance(lines, str):
            raise UsageError("expected a list of sentences, received a text: give [text]")
        lines = list(lines)
        for line in lines:
            if not isinstance(line, str):
                raise UsageError(f"expected sentences as text, received {type(line).__name__}")
        everything, limit = self.tokenizers.source.encode(lines), self.config.max_source_tokens
        sources = [truncate(ids, limit) for ids in everything]
        found = self.searcher.search(sources, first)
        best = self.tokenizers.target.decode([ids for sentence in found for ids in sentence.ids])
        translations, at = [], 0
        for line, ids, whole, sentence in zip(lines, sources, everything, found, strict=True):
            texts = best[at : at + len(sentence.ids)]
            at += len(sentence.ids)
            if whole == [EOS]:  # an empty line, or nothing but spaces and invisible characters
                texts = [""] * len(texts)
            scores = sentence.scores
            if not self.config.equal_texts:
                texts, scores = _different(texts, scores)
            texts, scores = texts[: self.config.nbest], scores[: self.config.nbest]
            written = [*sentence.ids[0], EOS][: len(sentence.attention)]  # no </s> where the limit ended the search
            pieces = self.tokenizers.source.pieces(ids), self.tokenizers.target.pieces(written)
            unknown = self.tokenizers.source.unknown(line) if UNK in whole else []
            truncated = len(whole) > limit
            translations.append(Translation(texts, scores, *pieces, sentence.attention, truncated, unknown))
        return translations


def refuse_nan(scores: np.ndarray) -> None:
    """Raise MtliteError for scores that are no numbers."""
    if np.isnan(scores).any():
        raise MtliteError(
            "the model's scores are no numbers (NaN): its weights are finite, but too large to compute with: take "
            "weights of an earlier state, or train again with a lower training.learning_rate or "
            "training.clip_norm 1.0"
        )


def _different(texts: list[str], scores: list[float]) -> tuple[list[str], list[float]]:
    """Of hypotheses with one text, keep the best, which comes first."""
    best: dict[str, float] = {}
    for text, score in zip(texts, scores, strict=True):
        best.setdefault(text, score)
    return list(best), list(best.values())
