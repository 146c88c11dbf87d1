"""The charts of a report: few colours that everybody can tell apart, labels beside what they name."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mtlite.report.attention_map import draw_attention
from mtlite.visible import visible, visible_line

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#c4c4c4"  # of Okabe and Ito's palette (2008)
_SAME_FILE: Any = {"svg.hashsalt": "mtlite"}  # the same drawing is the same file
_STYLE: Any = {
    **{"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#808080"},
    **{"xtick.color": "#404040", "ytick.color": "#404040", **_SAME_FILE},
}
_SVG: Any = {"format": "svg", "metadata": {"Date": None, "Creator": None}}
_WIDTH = 5.0  # letters can be read on a telephone, where a picture is made as narrow as the screen
_LEAST_BLEU = 10.0  # of an axis or a scale of colours: a tenth of a point shall not look like a success

Curves = Mapping[int, Sequence[tuple[int, float, float]]]
"""By seed, update, dev loss and dev BLEU of every validation."""


def _labels(names: Iterable[str]) -> list[str]:
    return list(map(visible_line, names))


def _svg(figure: Figure) -> bytes:
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # an empty box stands for it
        figure.savefig(content, **_SVG)
    pyplot.close(figure)
    return content.getvalue()


def attention_map(source: list[str], target: list[str], weights: np.ndarray) -> bytes:
    """Where a model looks while it writes one sentence; see `draw_attention`."""
    content = io.BytesIO()
    with matplotlib.rc_context(_SAME_FILE):
        draw_attention(source, target, weights, content, **_SVG)
    return content.getvalue()


def scores_with_intervals(
    scores: Mapping[str, Sequence[float]], intervals: Mapping[str, tuple[float, float]], label: str
) -> bytes:
    """A row for each system: a small dot for each seed, a large one for their mean, a line for the interval."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = pyplot.subplots(figsize=(_WIDTH, 0.9 + 0.34 * len(scores)), layout="constrained")
        for row, (name, values) in enumerate(scores.items()):
            center, (low, high) = float(np.mean(values)), intervals[name]
            axes.plot([low, high], [row, row], color=BLUE, lw=2, solid_capstyle="butt")
            axes.plot(values, [row] * len(values), "o", ms=4, mfc="white", mec=ORANGE, mew=1.2)
            axes.plot(center, row, "o", ms=6, color=BLUE)
            axes.annotate(f"{center:.1f}", (max(high, *values), row), (6, 0), textcoords="offset points", va="center")
        axes.set_yticks(range(len(scores)), _labels(scores), parse_math=False)
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        most = max(_LEAST_BLEU, *(max(intervals[name][1], *values) for name, values in scores.items()))
        axes.set_xlim(0, 1.12 * most)
        axes.grid(axis="x", color="#ebebeb")
        axes.set_axisbelow(True)
        axes.set_xlabel(label)
        return _svg(figure)


def learning_curves(curves: Mapping[str, Curves]) -> bytes:
    """A small plot for each system: its mean and range over seeds in colour, the other systems in grey."""
    across = min(3, len(curves))
    down = -(-len(curves) // across)
    means = {name: _over_seeds(of_system) for name, of_system in curves.items()}
    with matplotlib.rc_context({**_STYLE, "font.size": 8}):
        size = (_WIDTH, 0.5 + 1.25 * down)
        figure, grid = pyplot.subplots(
            down, across, figsize=size, layout="constrained", sharex=True, sharey=True, squeeze=False
        )
        for axes in grid.flat[len(curves) :]:
            axes.set_axis_off()
        for axes, (name, (updates, middle, low, high)) in zip(grid.flat, means.items(), strict=False):
            for other in means.values():
                axes.plot(other[0], other[1], color=GREY, lw=0.8)
            axes.fill_between(updates, low, high, color=BLUE, alpha=0.25, lw=0)
            axes.plot(updates, middle, color=BLUE, lw=1.8)
            axes.set_title(visible_line(name), loc="left", fontsize=8.5, color=BLUE, parse_math=False)
            axes.set_ylim(0, 1.05 * max(_LEAST_BLEU, *(float(high.max()) for *_, high in means.values())))
        figure.supxlabel("updates")
        figure.supylabel("dev BLEU")
        return _svg(figure)


def _over_seeds(curves: Curves) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Updates, and mean, lowest and highest dev BLEU at each, as far as all seeds go."""
    shortest = min(map(len, curves.values()))
    table = np.array([[bleu for _, _, bleu in curve[:shortest]] for curve in curves.values()])
    updates = np.array([update for update, _, _ in next(iter(curves.values()))[:shortest]])
    return updates, table.mean(axis=0), table.min(axis=0), table.max(axis=0)


def by_bucket(values: Mapping[str, Sequence[float]], buckets: Sequence[str], title: str) -> bytes:
    """A row for each system, a column for each bucket, the number in each cell; darker is higher, up to 50 or 100."""
    table = np.array(list(values.values()))
    most = 50 if table.max() <= 50 else 100
    with matplotlib.rc_context(_STYLE):
        figure, axes = pyplot.subplots(figsize=(_WIDTH, 0.9 + 0.32 * len(values)), layout="constrained")
        axes.imshow(table, cmap="Blues", vmin=0, vmax=1.15 * most, aspect="auto")
        _numbers(axes, table, 0.65 * most, "{:.0f}")
        _frame(axes, list(values), list(buckets))
        axes.set_xlabel(title)
        return _svg(figure)


def matrix_of_differences(names: Sequence[str], effects: Mapping[tuple[str, str], tuple[float, bool]]) -> bytes:
    """How far the system of the row is above that of the column, framed where `effects` says that this is shown."""
    table = np.zeros((len(names), len(names)))
    for (row, column), (effect, _) in effects.items():
        table[names.index(row), names.index(column)] = effect
    most = max(_LEAST_BLEU, float(abs(table).max()))
    with matplotlib.rc_context({**_STYLE, "font.size": 8}):
        figure, axes = pyplot.subplots(figsize=(_WIDTH, 1.4 + 0.3 * len(names)), layout="constrained")
        axes.imshow(table, cmap="PuOr_r", vmin=-1.3 * most, vmax=1.3 * most, aspect="auto")
        _numbers(axes, table, 0.7 * most, "{:+.1f}", skip_diagonal=True)
        _frame(axes, list(names), list(names))
        pyplot.setp(axes.get_xticklabels(), rotation=45, ha="right", rotation_mode="anchor")
        for (row, column), (_, shown) in effects.items():
            if shown:
                corner = names.index(column) - 0.46, names.index(row) - 0.46
                axes.add_patch(Rectangle(corner, 0.92, 0.92, fill=False, lw=1.2, ec="#202020"))
        return _svg(figure)


def side_by_side(measures: Mapping[str, Mapping[str, float]]) -> bytes:
    """By name of a measure, a bar for each system, all bars of a system in one row; every bar starts at zero."""
    names = list(next(iter(measures.values())))
    with matplotlib.rc_context({**_STYLE, "font.size": 8}):
        size = (_WIDTH, 0.5 + 0.24 * len(names))
        figure, panels = pyplot.subplots(1, len(measures), figsize=size, layout="constrained", sharey=True)
        for axes, (title, values) in zip(panels, measures.items(), strict=True):
            axes.barh(range(len(names)), list(values.values()), height=0.62, color=BLUE if axes is panels[0] else GREY)
            for row, value in enumerate(values.values()):
                axes.annotate(_short(value), (value, row), (3, 0), textcoords="offset points", va="center", fontsize=7)
            axes.set_xlim(0, 1.6 * max(values.values()) or 1)
            axes.set_title(title, loc="left", fontsize=8)
            axes.set_xticks([])
            axes.spines["bottom"].set_visible(False)
            axes.tick_params(axis="y", length=0)
        panels[0].set_yticks(range(len(names)), _labels(names), parse_math=False)
        panels[0].invert_yaxis()
        return _svg(figure)


def _short(value: float) -> str:
    """A number of three digits or so."""
    if value < 100:
        return f"{value:.1f}"
    return f"{value:,.0f}" if value < 10_000 else f"{value / 1e3:.0f}k" if value < 1e6 else f"{value / 1e6:.2f}M"


def _numbers(axes: Any, table: np.ndarray, dark: float, form: str, skip_diagonal: bool = False) -> None:
    """The numbers of a table in its cells, white where the cell is dark."""
    size = 7.5 if table.shape[1] <= 8 else 6.3
    for (row, column), value in np.ndenumerate(table):
        if not (skip_diagonal and row == column):
            colour = "white" if abs(value) > dark else "#202020"
            axes.text(
                column, row, form.format(value).replace("-", "−"), ha="center", va="center", fontsize=size, color=colour
            )


def _frame(axes: Any, rows: list[str], columns: list[str]) -> None:
    axes.set_yticks(range(len(rows)), _labels(rows), parse_math=False)
    axes.set_xticks(range(len(columns)), list(map(visible, columns)), parse_math=False)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
