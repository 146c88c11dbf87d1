"""Text in, text out, from a finished run directory alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, NoReturn, overload

import numpy as np

from mtlite.config.options import Config, SearchConfig
from mtlite.config.read import read_as
from mtlite.config.recipe import Values
from mtlite.data.ids import EOS, UNK, truncate
from mtlite.data.tokenizer import Tokenizers
from mtlite.errors import UsageError
from mtlite.runtime import claim_process, start_tensorflow
from mtlite.storage.run_directory import Run
from mtlite.topologies.topology import Topology
from mtlite.translation.loading import OpenRuns, load_model, open_runs, search_of
from mtlite.translation.searcher import Searcher


class Translation(NamedTuple):
    """One sentence translated."""

    texts: list[str]  # n best, best first; fewer where not so many differ
    scores: list[float]
    source_pieces: list[str]
    target_pieces: list[str]  # of the best, with </s> if written
    attention: np.ndarray  # [target pieces, source pieces]; source length 0 without attention
    truncated: bool  # whether the source was longer than search.max_source_tokens
    unknown: list[str]  # parts of the source for which the vocabulary has no piece


class Translator:
    """Translates sentences with one run, or with several whose vocabularies are the same; the seed is for sampling.

    Several threads may share one: a translation changes nothing in it. A process of its own has to load its own: a
    translator is neither pickled nor copied, and a fork of the process that loaded it cannot use it.
    """

    def __init__(self, models: list[Topology], tokenizers: Tokenizers, config: SearchConfig, seed: int = 1) -> None:
        self.models, self.tokenizers, self.config = models, tokenizers, config
        self.searcher = Searcher(models, config, seed)

    def __repr__(self) -> str:
        topologies = " + ".join(model.config.topology for model in self.models)
        return f"Translator({topologies}, {self.config.in_words(self.models[0].config.topology)})"

    def __reduce__(self) -> NoReturn:
        raise UsageError(
            "a Translator cannot be pickled or copied: threads may share it; for another process, give the path of its "
            "run and call Translator.load there"
        )

    @classmethod
    def load(
        cls,
        runs: str | Path | Run | Iterable[str | Path | Run],
        search: SearchConfig | Values | None = None,
        threads: int = 0,
        seed: int = 1,
        precision: str | None = None,
    ) -> Translator:
        """Load a run directory, or what `train` returned; several make an ensemble.

        `search` says what differs from the first run's configuration, `precision` is as each run says if None; 0
        threads are all. Raise RunError for what is no finished run, UsageError for what cannot be done together.
        """
        # The reader of recipes checks what was asked for in Python, too, and refuses it under the same names.
        asked = {"seed": seed, "training": {"threads": threads, "precision": precision or "auto"}}
        read_as(Config, asked, "translation")
        opened = open_runs(list(runs) if isinstance(runs, Iterable) and not isinstance(runs, str) else [runs])
        return cls.of(opened, search_of(opened.runs[0], search), threads, seed, precision)

    @classmethod
    def of(
        cls, opened: OpenRuns, search: SearchConfig, threads: int = 0, seed: int = 1, precision: str | None = None
    ) -> Translator:
        """Load the result of `open_runs`, with a search that `search_of` gives; else as `load`."""
        start_tensorflow(threads)
        return cls([load_model(run, precision) for run in opened.runs], opened.tokenizers, search, seed)

    def translate(self, lines: Iterable[str], first: int = 0) -> list[Translation]:
        """Translate sentences; as many results, in the same order. An empty line gives an empty one.

        `first` is the number of the first one, if they are part of something longer: sampling depends on it.
        """
        claim_process()
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

    @overload
    def __call__(self, lines: str) -> str: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, lines: Iterable[str]) -> list[str]: ...
    def __call__(self, lines: str | Iterable[str]) -> str | list[str]:
        """The best translation of one sentence, or of every sentence in a list."""
        best = [each.texts[0] for each in self.translate([lines] if isinstance(lines, str) else lines)]
        return best[0] if isinstance(lines, str) else best


def _different(texts: list[str], scores: list[float]) -> tuple[list[str], list[float]]:
    """Of hypotheses with one text, keep the best, which comes first."""
    best: dict[str, float] = {}
    for text, score in zip(texts, scores, strict=True):
        best.setdefault(text, score)
    return list(best), list(best.values())
