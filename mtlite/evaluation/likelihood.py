"""How probable systems find the references: −log p per piece, over the sentences that all of them can write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Likelihood:
    """How probable the references of a test set are, sentence by sentence."""

    nll: NDArray[np.float32]  # −log p, without label smoothing, of the pieces with a position `[sentences]`
    pieces: NDArray[np.float32]  # how many those are
    unreachable: NDArray[np.float32]  # pieces that the topology has no position for

    @property
    def writable(self) -> np.ndarray:
        """`[sentences]`, True where there is a position for every piece."""
        return np.asarray(self.unreachable == 0)

    def per_piece(self, sentences: np.ndarray | slice = slice(None)) -> float:
        """−log p per piece that can be reached, of some sentences or all."""
        return float(self.nll[sentences].sum(dtype=float) / max(self.pieces[sentences].sum(dtype=float), 1.0))


@dataclass(frozen=True)
class ComparedLikelihood:
    """How probable systems find the references of one test set."""

    sentences: int  # how many every system can write; −log p is over these
    writable: dict[str, float]  # by system, the share of all sentences that it can write
    nll_per_piece: dict[str, dict[int, float]]  # by system and seed, above the floor; empty where no sentence is common
    floors: dict[str, float]  # by system, what label smoothing in training leaves of −log p at best


def compare_likelihood(
    systems: Mapping[str, Mapping[int, Likelihood]], floors: Mapping[str, float]
) -> ComparedLikelihood:
    """Compare systems whose pieces are the same.

    Args:
        floors: by system, what is subtracted from −log p of a piece.
    """
    common = np.logical_and.reduce([each.writable for seeds in systems.values() for each in seeds.values()])
    writable = {name: float(next(iter(seeds.values())).writable.mean()) for name, seeds in systems.items()}
    losses = {
        name: {seed: each.per_piece(common) - floors[name] for seed, each in seeds.items()} if common.any() else {}
        for name, seeds in systems.items()
    }
    return ComparedLikelihood(int(common.sum()), writable, losses, dict(floors))
