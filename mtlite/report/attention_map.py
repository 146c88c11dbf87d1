"""Pictures for people who would rather look than read."""

from __future__ import annotations

import math
import unicodedata
import warnings
from collections.abc import Sequence
from typing import Any, BinaryIO

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes

from mtlite.report.fonts import fonts_for

_MOST_PIXELS = 20e6
_MANY = 30  # pieces, from which on they stand closer, upright, and at all sides
_LONGEST_LABEL = 40
_BAR = 0.2, 3.0  # width of the colour scale, and its most height, in inches


def draw_attention(source: list[str], target: list[str], weights: np.ndarray, output: BinaryIO, **saving: Any) -> None:
    """Draw a heat map: one row per target piece, one column per source piece, from the right in scripts that run so.

    Args:
        weights: `[target length, source length]`, each row sums to one.
        saving: arguments of matplotlib's `savefig`, such as `format`.
    """
    rows = min(len(target), len(weights))
    across, down = ([_shown(piece) for piece in pieces] for pieces in (source, target[:rows]))
    many = max(len(across), rows) > _MANY
    width, height = _size(across, down, many)
    with matplotlib.rc_context({"font.family": fonts_for([*across, *down])}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # a box stands for it
        figure, axes = pyplot.subplots(figsize=(width, height), layout="constrained")
        try:
            # A sentence of many pieces has no weight close to one.
            highest = math.ceil(10 * float(np.max(weights[:rows], initial=0.1)) - 0.01) / 10
            image = axes.imshow(weights[:rows], cmap="Blues", vmin=0, vmax=highest, aspect="auto")
            _write_pieces(axes, across, down, many)
            if right_to_left(source):
                axes.invert_xaxis()
            bar = min(_BAR[1], 0.8 * height)
            scale: Any = {
                "fraction": 0.6 / width,
                "shrink": bar / height,
                "aspect": bar / _BAR[0],
                "anchor": (0.0, 1.0),
            }
            figure.colorbar(image, ax=axes, label="attention", pad=0.2 / width, **scale)
            dpi = min(150, math.sqrt(_MOST_PIXELS / (width * height)))
            figure.savefig(output, dpi=dpi, **saving)
        finally:
            pyplot.close(figure)


def right_to_left(pieces: Sequence[str]) -> bool:
    """Whether most letters of a sentence are of a script that runs from right to left."""
    kinds = [unicodedata.bidirectional(character) for piece in pieces for character in piece.replace("</s>", "")]
    return kinds.count("R") + kinds.count("AL") > kinds.count("L")


def _size(across: list[str], down: list[str], many: bool) -> tuple[float, float]:
    """Width and height in inches: those of the cells, and room for the labels."""
    labels = [0.09 * max(map(_columns, [*labels, ""])) * (1 + many) for labels in (down, across)]
    cell = (0.2, 0.2) if many else (0.42, 0.36)
    return 2.0 + cell[0] * len(across) + labels[0], 1.2 + cell[1] * len(down) + labels[1]


def _write_pieces(axes: Axes, across: list[str], down: list[str], many: bool) -> None:
    axes.set_xticks(range(len(across)), across, parse_math=False)
    axes.set_yticks(range(len(down)), down, parse_math=False)
    axes.tick_params(top=True, labeltop=True, bottom=many, labelbottom=many, right=many, labelright=many)
    if many:
        axes.tick_params(labelsize=8, labelrotation=0)
        axes.tick_params(axis="x", labelrotation=90)
    else:
        for label in axes.get_xticklabels():
            label.set(rotation=45, ha="left", rotation_mode="anchor")
    axes.set_xticks(np.arange(0.5, len(across) - 1), minor=True)
    axes.set_yticks(np.arange(0.5, len(down) - 1), minor=True)
    axes.grid(which="minor", color="#e4e4e4", linewidth=0.5)
    axes.tick_params(which="minor", length=0)
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("source")
    axes.set_ylabel("translation")


def _columns(text: str) -> int:
    """Width of a text in letters of Latin script."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _shown(piece: str) -> str:
    """A piece as a label: what cannot be seen as its code, an accent alone on a circle, cut where it is very long."""
    visible = "".join(letter if letter.isprintable() else f"U+{ord(letter):04X}" for letter in piece)
    if visible and unicodedata.category(visible[0]).startswith("M"):
        visible = "\u25cc" + visible
    return visible if len(visible) <= _LONGEST_LABEL else visible[: _LONGEST_LABEL - 1] + "…"
