"""Where a run with attention looks while it translates a few sentences, for the pictures of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtlite.config.registry import entry_of
from mtlite.errors import UsageError
from mtlite.storage.run_directory import Run

SENTENCES = 3


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """Attention while one sentence was translated."""

    source: list[str]  # pieces
    target: list[str]  # pieces
    weights: NDArray[np.float32]  # `[target pieces, source pieces]`

    def check(self) -> None:
        if self.weights.shape != (len(self.target), len(self.source)):
            raise UsageError("weights: expected a row for each piece of the target, a column for each of the source")


def sentences_to_draw(sources: Sequence[str]) -> list[int]:
    """Positions of the sentences to draw: at the quartiles of the length in characters, each text once."""
    by_length = sorted(range(len(sources)), key=lambda at: (len(sources[at]), at))
    found: dict[str, int] = {}
    for part in range(1, SENTENCES + 1):
        at = by_length[len(by_length) * part // (SENTENCES + 1)]
        found.setdefault(sources[at], at)
    return list(found.values())


def attention_of(run: Run) -> list[AttentionMap]:
    """The attention of a finished run on some sentences of its first test set; empty where it has none."""
    if "attention" not in entry_of(run.config.model.topology).options:
        return []
    from mtlite.translation.translator import Translator

    sources = run.read_side(f"{run.facts.tests[0]}.source")
    translator = Translator.load(run, threads=run.config.training.threads)
    maps = []
    for each in translator.translate([sources[at] for at in sentences_to_draw(sources)]):
        # The last digits depend on the processor, and a record shall not.
        weights = np.round(np.asarray(each.attention, np.float32), 4).astype(np.float32)
        maps.append(AttentionMap(each.source_pieces, each.target_pieces, weights))
    return maps
