"""Text in, text out, from a finished run directory alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn, overload

from mtlite.config.options import Config, SearchConfig
from mtlite.config.read import read_as
from mtlite.config.recipe import Values
from mtlite.data.tokenizer import Tokenizers
from mtlite.errors import UsageError
from mtlite.runtime import claim_process, start_tensorflow
from mtlite.storage.run_directory import Run
from mtlite.topologies.topology import Topology
from mtlite.translation.loading import OpenRuns, load_model, open_runs, search_of
from mtlite.translation.searcher import Searcher
from mtlite.translation.sentences import SentenceTranslator, Translation


class Translator(SentenceTranslator):
    """Translates sentences with one run, or with several whose vocabularies are the same; the seed is for sampling.

    Several threads may share one: a translation changes nothing in it. A process of its own has to load its own: a
    translator is neither pickled nor copied, and a fork of the process that loaded it cannot use it.
    """

    searcher: Searcher

    def __init__(self, models: list[Topology], tokenizers: Tokenizers, config: SearchConfig, seed: int = 1) -> None:
        super().__init__(tokenizers, config, Searcher(models, config, seed))
        self.models = models

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
        """As `SentenceTranslator.translate`; MtliteError in a fork of the process that loaded this."""
        claim_process()
        return super().translate(lines, first)

    @overload
    def __call__(self, lines: str) -> str: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, lines: Iterable[str]) -> list[str]: ...
    def __call__(self, lines: str | Iterable[str]) -> str | list[str]:
        """The best translation of one sentence, or of every sentence in a list."""
        best = [each.texts[0] for each in self.translate([lines] if isinstance(lines, str) else lines)]
        return best[0] if isinstance(lines, str) else best
