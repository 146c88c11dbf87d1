"""Translation on onnxruntime, which starts in a fraction of the time that TensorFlow takes: same hypotheses."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from mtlite.config.options import SearchConfig
from mtlite.config.read import plain
from mtlite.data.ids import EOS
from mtlite.data.tokenizer import Tokenizers
from mtlite.errors import MtliteError, RunError, UsageError
from mtlite.notices import notice
from mtlite.runtime import start_tensorflow
from mtlite.storage.cache import the_cache
from mtlite.storage.checkpoint import WEIGHTS
from mtlite.storage.run_directory import Run
from mtlite.translation.loading import OpenRuns, load_weights, search_of, topology_config, with_blank_penalty
from mtlite.translation.sentences import SentenceHypotheses, SentenceTranslator, refuse_nan
from mtlite.version import __version__

if TYPE_CHECKING:
    from mtlite.export.translate import Found, Model

Engine = Literal["auto", "tensorflow", "onnx"]
"""What translates: `auto` is onnxruntime where it is installed and can do what is asked."""

_PACKAGES = ("onnx", "onnxruntime")
INSTALL = 'pip install onnx onnxruntime, or mtlite with "[onnx]"'


def require_onnx(option: str) -> None:
    """Raise MtliteError if the libraries of the extra `onnx` are not installed; `option` asks for them."""
    for name in _PACKAGES:
        if find_spec(name) is None:
            raise MtliteError(f"{option}: {name} is not installed: {INSTALL}")


def open_translator(
    opened: OpenRuns, search: SearchConfig, engine: Engine, threads: int = 0, seed: int = 1
) -> SentenceTranslator:
    """A translator on the engine that is asked for; TensorFlow is started if it is to translate."""
    if (light := light_translator(opened, search, engine, threads)) is not None:
        return light
    start_tensorflow(threads)  # before anything else imports it: it prints while it loads
    from mtlite.translation.translator import Translator

    return Translator.of(opened, search, threads, seed)


def light_translator(
    opened: OpenRuns, search: SearchConfig, engine: Engine, threads: int = 0
) -> SentenceTranslator | None:
    """A translator on onnxruntime; None if TensorFlow is to translate.

    Raise UsageError if onnxruntime is asked for and cannot do what else is asked; MtliteError if it is not installed,
    or if the graphs cannot be kept.
    """
    if engine == "tensorflow" or (engine == "auto" and not all(map(find_spec, _PACKAGES))):
        return None
    require_onnx("--engine onnx")
    try:
        _refuse(opened, search)
        folder = _graphs(opened.runs[0], opened.tokenizers, search.blank_penalty)
    except UsageError:
        if engine == "onnx":
            raise
        return None
    except OSError as error:
        problem = f"cannot keep graphs in {the_cache().folder} ({error.strerror or error})"
        problem = f"{problem}: make room there, or set HF_DATASETS_CACHE to another folder"
        if engine == "onnx":
            raise MtliteError(f"--engine onnx: {problem}") from error
        notice(f"TensorFlow translates, as onnxruntime cannot: {problem}")
        return None
    from mtlite.export.translate import Model

    return SentenceTranslator(opened.tokenizers, search, OnnxSearcher(Model(folder, threads), search))


def _refuse(opened: OpenRuns, search: SearchConfig) -> None:
    """Raise UsageError for what TensorFlow alone can do here."""
    asked = {
        "an ensemble": len(opened.runs) > 1,
        "sampling": search.sample,
        "a minimum length": search.min_length > 0,
        "a topology of your own": ":" in opened.runs[0].config.model.topology,
    }
    for what, wanted in asked.items():
        if wanted:
            raise UsageError(f"--engine onnx: {what} needs TensorFlow: expected --engine tensorflow")


def _graphs(run: Run, tokenizers: Tokenizers, blank_penalty: float) -> Path:
    """The folder in the cache that holds the graphs of a run; they are made if they are not there."""
    config, checksum = topology_config(run, "float32"), run.checksum(WEIGHTS)
    search = dataclasses.replace(search_of(run, None), blank_penalty=blank_penalty)

    def make(folder: Path) -> None:
        from mtlite.export.graph import Weights
        from mtlite.export.onnx_folder import write_onnx_folder

        arrays = with_blank_penalty(load_weights(run), config.topology, search)
        weights = Weights(arrays, run.path / WEIGHTS)
        if run.checksum(WEIGHTS) != checksum:  # a training has put better ones there: they would have a wrong name
            raise RunError(f"{weights.origin} was replaced while it was read: {run.path} {run.how_far()}: call again")
        write_onnx_folder(folder, config, weights, tokenizers, search)

    settings = json.dumps([plain(config), plain(search)], sort_keys=True)
    key = [checksum, settings, tokenizers.source.sha256, tokenizers.target.sha256, *_made_by()]
    return the_cache().open("graphs", key, make, origin=run.path.resolve().name)


@cache
def _made_by() -> list[str]:
    """What graphs depend on beside a run: this folder, and the library that writes them."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return [f"mtlite {__version__}", digest.hexdigest(), f"onnx {version('onnx')}"]


class OnnxSearcher:
    """Ids in, hypotheses out: what `Searcher` does in TensorFlow, for one model and without sampling."""

    def __init__(self, model: Model, config: SearchConfig) -> None:
        self.model, self.config = model, config

    def search(self, sources: list[list[int]], first: int = 0) -> list[SentenceHypotheses]:
        """Translate ids with `</s>`; as many results, in the same order."""
        found = self.model.search(sources, self.config.beam_size, self.config.length_penalty)
        nothing: Found = [], math.nan  # no hypothesis is left where all scores are no numbers
        refuse_nan(np.array([score for hypotheses in found for _, score in hypotheses or [nothing]]))
        return [self._one(hypotheses) for hypotheses in found]

    def _one(self, hypotheses: list[Found]) -> SentenceHypotheses:
        kept = hypotheses if self.config.nbest > 1 else hypotheses[:1]  # all of the beam: several may give one text
        ids = [row[:-1] if row[-1:] == [EOS] else row for row, _ in kept]
        attention = np.zeros((len(kept[0][0]), 0), np.float32)
        return SentenceHypotheses(ids, [score for _, score in kept], attention)
