"""Where a cell with attention looks while it translates a few sentences, for the pictures of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mtlite.comparison.packing import pack, unpack
from mtlite.config.registry import TOPOLOGIES
from mtlite.errors import RunError
from mtlite.storage.run_directory import Run

SENTENCES = 3
_DECIMALS = 4


def chosen(sources: Sequence[str]) -> list[int]:
    """Which sentences are drawn: a short, a middling and a long one, the same in every cell.

    Args:
        sources: of a test set.

    Returns:
        Their positions; those at the quartiles of the length in characters, each text once.
    """
    by_length = sorted(range(len(sources)), key=lambda at: (len(sources[at]), at))
    found: dict[str, int] = {}
    for part in range(1, SENTENCES + 1):
        at = by_length[len(by_length) * part // (SENTENCES + 1)]
        found.setdefault(sources[at], at)
    return list(found.values())


def attention_of(run: Run) -> list[dict[str, Any]]:
    """The attention of a finished run on the chosen sentences of its first test set; empty where it has none."""
    config = run.config()
    if "attention" not in TOPOLOGIES[config.model.topology].options:
        return []
    from mtlite.translation.translator import Translator

    sources = run.read_side(f"{run.facts()['tests'][0]}.source")
    translator = Translator.load(run.path, config.search, config.training.threads)
    maps = []
    for translation in translator.translate([sources[at] for at in chosen(sources)]):
        # The last digits depend on the processor, and a record shall not.
        weights = np.round(np.asarray(translation.weights, "<f4"), _DECIMALS)
        pieces = {"source": translation.source_pieces, "target": translation.target_pieces}
        maps.append({**pieces, "weights": pack(weights.tobytes())})
    return maps


def weights_of(values: Mapping[str, Any]) -> np.ndarray:
    """One of the maps of `attention_of` as numbers `[target pieces, source pieces]`.

    Raises:
        RunError: if it is damaged.
    """
    try:
        numbers = np.frombuffer(unpack(values["weights"]), "<f4")
        return numbers.reshape(len(values["target"]), len(values["source"]))
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"a packed attention map is damaged ({type(error).__name__}: {error})") from None
