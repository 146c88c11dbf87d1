"""The searches of `mtlite translate --engine onnx`: exported graphs on onnxruntime, float32 and int8."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from contenders.ours import search_of
from mtlite.data.ids import EOS
from mtlite.export.translate import Model

WEIGHTS = {"onnxruntime, float32": "float32", "onnxruntime, int8 weights, float32": "int8"}
"""How the weights of each contender are written; what is not a matrix product is computed in float32 by both."""
_ROOT = Path(__file__).resolve().parents[2]
_SIZES = (1000, 4000, 16_000)
"""Tokens of a batch that are tried before anything is measured; the fastest is kept."""


class OnnxTranslation:
    """An exported run. Another process exports it: its memory is not that of translation.

    Args:
        run: a finished run.
        beam: of the search.
        weights: float32 or int8.
        threads: 0 takes all.
    """

    def __init__(self, run: str, beam: int, weights: str, threads: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            exported = Path(folder) / "exported"
            command = [sys.executable, "-m", "mtlite", "export", str(Path(run).resolve()), "-o", str(exported)]
            subprocess.run([*command, "--weights", weights], cwd=_ROOT, stdout=subprocess.DEVNULL, check=True)
            self.model = Model(exported, threads)
        self.search, self.size = search_of(run, beam), 0

    def translate(self, batches: Sequence[list[list[int]]]) -> tuple[float, list[list[int]]]:
        """Batches as they come; gives the seconds and the best hypotheses."""
        start = time.perf_counter()
        found = [hypotheses[0][0] for batch in batches for hypotheses in self._found(batch)]
        return time.perf_counter() - start, list(map(_without_end, found))

    def translate_all(self, sources: list[list[int]]) -> tuple[float, list[list[int]]]:
        """Everything at once, in batches of the size that is fastest."""
        if not self.size:
            self.size = min(_SIZES, key=lambda size: self._in_batches(sources, size)[0])
        return self._in_batches(sources, self.size)

    def _in_batches(self, sources: list[list[int]], size: int) -> tuple[float, list[list[int]]]:
        self.model.config["batch_tokens"] = size
        return self.translate([sources])

    def _found(self, sources: list[list[int]]) -> list[list[tuple[list[int], float]]]:
        return self.model.search(sources, self.search.beam_size, self.search.length_penalty)


def _without_end(ids: list[int]) -> list[int]:
    return ids[:-1] if ids[-1:] == [EOS] else ids
