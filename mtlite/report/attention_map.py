"""Pictures for people who would rather look than read."""

from __future__ import annotations

import math
import warnings
from typing import Any, BinaryIO

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import font_manager, pyplot

_MOST_PIXELS = 20e6
# Tried in this order for letters that the font before has not; which of them there are depends on the machine.
_FONTS = (
    *("DejaVu Sans", "Noto Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "WenQuanYi Zen Hei", "Arial Unicode MS"),
    *("Microsoft YaHei", "Noto Color Emoji"),
)


def draw_attention(source: list[str], target: list[str], weights: np.ndarray, output: BinaryIO, **saving: Any) -> None:
    """Draw a heat map: one row per target piece, one column per source piece.

    Args:
        weights: `[target length, source length]`, each row sums to one.
        saving: arguments of matplotlib's `savefig`, such as `format`.
    """
    rows = min(len(target), len(weights))
    letters = [max(map(len, [*pieces, ""])) for pieces in (source, target[:rows])]
    width = 2.0 + 0.42 * len(source) + 0.1 * min(letters[1], 40)
    height = 1.2 + 0.36 * rows + 0.08 * min(letters[0], 40)
    fonts = [font for font in _FONTS if font in set(font_manager.get_font_names())]
    with matplotlib.rc_context({"font.family": fonts}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # an empty box stands for it
        figure, axes = pyplot.subplots(figsize=(width, height), layout="constrained")
        try:
            image = axes.imshow(weights[:rows], cmap="Blues", vmin=0, vmax=1, aspect="auto")
            axes.set_xticks(range(len(source)), [_shown(piece) for piece in source], parse_math=False)
            axes.set_yticks(range(rows), [_shown(piece) for piece in target[:rows]], parse_math=False)
            axes.xaxis.tick_top()
            pyplot.setp(axes.get_xticklabels(), rotation=45, ha="left", rotation_mode="anchor")
            axes.xaxis.set_label_position("top")
            axes.set_xlabel("source")
            axes.set_ylabel("translation")
            figure.colorbar(image, ax=axes, label="attention", fraction=0.05)
            dpi = min(150, math.sqrt(_MOST_PIXELS / (width * height)))
            figure.savefig(output, dpi=dpi, **saving)
        finally:
            pyplot.close(figure)


def _shown(piece: str) -> str:
    """A piece as a label: what cannot be seen as its code, and cut where it is very long."""
    visible = "".join(letter if letter.isprintable() else f"U+{ord(letter):04X}" for letter in piece)
    return visible if len(visible) <= 40 else visible[:39] + "…"
