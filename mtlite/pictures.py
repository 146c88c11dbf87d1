"""Pictures for people who would rather look than read."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot


def draw_attention(source: list[str], target: list[str], weights: np.ndarray, path: Path) -> None:
    """A heat map: one row per target piece, one column per source piece.

    Args:
        source: pieces `[source length]`.
        target: pieces `[target length]`.
        weights: `[target length, source length]`, each row sums to one.
        path: file to write; its ending chooses the format.
    """
    rows = min(len(target), len(weights))
    size = 1.5 + 0.42 * len(source), 1.2 + 0.36 * rows
    figure, axes = pyplot.subplots(figsize=size, layout="constrained")
    image = axes.imshow(weights[:rows], cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(source)), source, rotation=45, ha="left")
    axes.set_yticks(range(rows), target[:rows])
    axes.xaxis.tick_top()
    axes.set_xlabel("source")
    axes.set_ylabel("translation")
    figure.colorbar(image, ax=axes, label="attention", fraction=0.05)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
