"""Text in, text out, from a finished run directory alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mtlite.config.options import SearchConfig
from mtlite.data.ids import EOS, cut
from mtlite.data.tokenizer import Tokenizers
from mtlite.errors import RunError, UsageError
from mtlite.runtime import choose_precision, start_tensorflow
from mtlite.storage.checkpoint import assign_weights
from mtlite.storage.run_directory import Run
from mtlite.storage.tensors import load_arrays
from mtlite.topologies.topology import Topology
from mtlite.translation.loading import WEIGHTS, load_lengths, open_runs, refuse_other_sizes, translation_config
from mtlite.translation.searcher import Searcher


class Translation(NamedTuple):
    """One sentence translated."""

    texts: list[str]  # n best, best first
    scores: list[float]
    source_pieces: list[str]
    target_pieces: list[str]  # of the best, with </s> if written
    weights: np.ndarray  # [target pieces, source pieces] attention; source length 0 without attention
    cut: bool  # whether the source was longer than search.max_source_tokens


class Translator:
    """Translates sentences with one run, or with several whose vocabularies are the same.

    Args:
        models: of all runs.
        tokenizers: of the first run.
        config: how to search.
        seed: for sampling.
    """

    def __init__(self, models: list[Topology], tokenizers: Tokenizers, config: SearchConfig, seed: int = 1) -> None:
        self.models, self.tokenizers, self.config = models, tokenizers, config
        self.searcher = Searcher(models, config, seed)

    @classmethod
    def load(
        cls,
        runs: str | Path | Run | Iterable[str | Path | Run],
        search: SearchConfig | None = None,
        threads: int = 0,
        seed: int = 1,
        precision: str | None = None,
    ) -> Translator:
        """Load one or more run directories.

        Args:
            runs: the folder, or folders for an ensemble; or what `train` returned.
            search: how to search; as the first run says if None.
            threads: processor threads; 0 takes all.
            seed: for sampling.
            precision: number format of products; as each run says if None.

        Raises:
            RunError: if a folder is no finished run, or is damaged.
            UsageError: if the runs have different vocabularies, or something is asked for that no recipe could have.
        """
        opened, tokenizers = open_runs(
            list(runs) if isinstance(runs, Iterable) and not isinstance(runs, str) else [runs]
        )
        config = translation_config(opened[0].config(), search, threads, seed, precision)
        start_tensorflow(config.training.threads)
        models = [load_model(run, precision) for run in opened]
        return cls(models, tokenizers, config.search, config.seed)

    def translate(self, lines: Iterable[str], first: int = 0) -> list[Translation]:
        """Translate sentences; as many results, in the same order. An empty line gives an empty one.

        Args:
            lines: the sentences.
            first: number of the first one, where they are part of something longer: sampling depends on it.

        Raises:
            UsageError: if they are not sentences.
        """
        if isinstance(lines, str):
            raise UsageError("expected a list of sentences, received a text: give [text]")
        lines = list(lines)
        for line in lines:
            if not isinstance(line, str):
                raise UsageError(f"expected sentences as text, received {type(line).__name__}")
        everything = self.tokenizers.source.encode(lines)
        limit = self.config.max_source_tokens
        sources = [cut(ids, limit) for ids in everything]
        found = self.searcher.search(sources, first)
        best = self.tokenizers.target.decode([ids for sentence in found for ids in sentence.ids])
        translations, at = [], 0
        for line, ids, whole, sentence in zip(lines, sources, everything, found, strict=True):
            texts = best[at : at + len(sentence.ids)]
            at += len(sentence.ids)
            if not line.strip():
                texts = [""] * len(texts)
            written = [*sentence.ids[0], EOS][: len(sentence.weights)]  # no </s> where the limit ended the search
            pieces = self.tokenizers.source.pieces(ids), self.tokenizers.target.pieces(written)
            translations.append(Translation(texts, sentence.scores, *pieces, sentence.weights, len(whole) > limit))
        return translations

    def __call__(self, lines: Iterable[str]) -> list[str]:
        """The best translation of every sentence."""
        return [translation.texts[0] for translation in self.translate(lines)]


def load_model(run: Run, precision: str | None = None) -> Topology:
    """The model of a run with the weights of its best validation.

    Args:
        run: finished.
        precision: number format of products; as the run says if None.

    Raises:
        RunError: if the weights are missing, damaged, or do not belong to the run's configuration.
    """
    facts, config = run.facts(), run.config()
    lengths = load_lengths(run, facts)
    refuse_other_sizes(run, config.model, facts, lengths)

    from mtlite.topologies.build import build_model

    path = run.path / WEIGHTS
    arrays, _ = load_arrays(path)
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise RunError(f"{path} is damaged: {name} holds numbers that are not finite")
    model = build_model(
        config.model,
        source_vocabulary=facts["source_vocabulary"],
        target_vocabulary=facts["target_vocabulary"],
        joint=facts["joint"],
        lengths=lengths,
        precision=choose_precision(precision or config.training.precision),
    )
    assign_weights(model.weights, arrays, path)
    return model
