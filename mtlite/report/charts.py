"""The charts of a report: few colours that everybody can tell apart, labels beside what they name."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullLocator

from mtlite.report.attention_map import draw_attention

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#c4c4c4"  # of Okabe and Ito's palette (2008)
_SAME_FILE: Any = {"svg.hashsalt": "mtlite"}  # the same drawing is the same file
_STYLE: Any = {
    **{"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#808080"},
    **{"xtick.color": "#404040", "ytick.color": "#404040", **_SAME_FILE},
}
_SVG: Any = {"format": "svg", "metadata": {"Date": None, "Creator": None}}
_WIDTH = 6.4

Curves = Mapping[int, Sequence[tuple[int, float, float]]]
"""By seed, update, dev loss and dev BLEU of every validation."""


def _svg(figure: Figure) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, **_SVG)
    pyplot.close(figure)
    return content.getvalue()


def attention_map(source: list[str], target: list[str], weights: np.ndarray) -> bytes:
    """Where a model looks while it writes one sentence; see `draw_attention`."""
    content = io.BytesIO()
    with matplotlib.rc_context(_SAME_FILE):
        draw_attention(source, target, weights, content, **_SVG)
    return content.getvalue()


def bleu_with_intervals(scores: Mapping[str, Sequence[float]], intervals: Mapping[str, tuple[float, float]]) -> bytes:
    """A row for each system: a small dot for each seed, a large one for their mean, a line for the interval."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = pyplot.subplots(figsize=(_WIDTH, 0.9 + 0.34 * len(scores)), layout="constrained")
        for row, (name, values) in enumerate(scores.items()):
            center, (low, high) = float(np.mean(values)), intervals[name]
            axes.plot([low, high], [row, row], color=BLUE, lw=2, solid_capstyle="butt")
            axes.plot(values, [row] * len(values), "o", ms=4, mfc="white", mec=ORANGE, mew=1.2)
            axes.plot(center, row, "o", ms=6, color=BLUE)
            axes.annotate(f"{center:.1f}", (max(high, *values), row), (6, 0), textcoords="offset points", va="center")
        axes.set_yticks(range(len(scores)), list(scores), parse_math=False)
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        axes.set_xlim(left=0)
        axes.margins(x=0.1)
        axes.grid(axis="x", color="#ebebeb")
        axes.set_axisbelow(True)
        axes.set_xlabel("BLEU")
        return _svg(figure)


def learning_curves(curves: Mapping[str, Curves]) -> bytes:
    """A small plot for each system: its mean and range over seeds in colour, the other systems in grey."""
    across = min(3, len(curves))
    down = -(-len(curves) // across)
    means = {name: _over_seeds(of_system) for name, of_system in curves.items()}
    with matplotlib.rc_context({**_STYLE, "font.size": 8}):
        size = (_WIDTH, 0.5 + 1.55 * down)
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
            axes.set_title(name, loc="left", fontsize=8.5, color=BLUE, parse_math=False)
            axes.set_ylim(bottom=0)
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
    """A row for each system, a column for each bucket, the number in each cell; darker is higher."""
    table = np.array(list(values.values()))
    with matplotlib.rc_context(_STYLE):
        figure, axes = pyplot.subplots(figsize=(_WIDTH, 0.9 + 0.32 * len(values)), layout="constrained")
        axes.imshow(table, cmap="Blues", vmin=0, vmax=max(1.0, float(table.max()) * 1.15), aspect="auto")
        _numbers(axes, table, float(table.max()) * 0.65, "{:.0f}")
        _frame(axes, list(values), list(buckets))
        axes.set_xlabel(title)
        return _svg(figure)


def matrix_of_differences(names: Sequence[str], effects: Mapping[tuple[str, str], tuple[float, bool]]) -> bytes:
    """How far the system of the row is above that of the column, framed where `effects` says that this is real."""
    table = np.zeros((len(names), len(names)))
    for (row, column), (effect, _) in effects.items():
        table[names.index(row), names.index(column)] = effect
    most = max(1.0, float(abs(table).max()))
    with matplotlib.rc_context({**_STYLE, "font.size": 8}):
        side = 1.6 + 0.42 * len(names)
        figure, axes = pyplot.subplots(figsize=(min(_WIDTH + 0.4, side + 0.6), side), layout="constrained")
        axes.imshow(table, cmap="PuOr_r", vmin=-1.3 * most, vmax=1.3 * most, aspect="auto")
        _numbers(axes, table, 0.7 * most, "{:+.1f}", skip_diagonal=True)
        _frame(axes, list(names), list(names))
        pyplot.setp(axes.get_xticklabels(), rotation=45, ha="right", rotation_mode="anchor")
        for (row, column), (_, shown) in effects.items():
            if shown:
                corner = names.index(column) - 0.46, names.index(row) - 0.46
                axes.add_patch(Rectangle(corner, 0.92, 0.92, fill=False, lw=1.2, ec="#202020"))
        return _svg(figure)


def against_cost(points: Mapping[str, tuple[float, float]], label: str) -> bytes:
    """A numbered point for each system, its cost and its BLEU, with the names of the numbers beside it."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = pyplot.subplots(figsize=(_WIDTH, max(2.6, 0.6 + 0.2 * len(points))), layout="constrained")
        for number, (cost, bleu) in enumerate(points.values(), 1):
            axes.plot(cost, bleu, "o", ms=5, color=BLUE)
            above = 3 if number % 2 else -9
            axes.annotate(str(number), (cost, bleu), (4, above), textcoords="offset points", fontsize=8)
        legend = "\n".join(f"{number}  {name}" for number, name in enumerate(points, 1))
        axes.text(1.02, 1, legend, transform=axes.transAxes, va="top", fontsize=8, parse_math=False)
        axes.set_xscale("log")
        costs = [cost for cost, _ in points.values()]
        near = max(costs) < 10 * min(costs)  # where a logarithmic step would leave a single number on the axis
        axes.xaxis.set_major_locator(MaxNLocator(5) if near else LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.margins(0.12)
        axes.grid(color="#ebebeb")
        axes.set_axisbelow(True)
        axes.set_xlabel(f"{label} (logarithmic)")
        axes.set_ylabel("BLEU")
        return _svg(figure)


def _numbers(axes: Any, table: np.ndarray, dark: float, form: str, skip_diagonal: bool = False) -> None:
    """The numbers of a table in its cells, white where the cell is dark."""
    for (row, column), value in np.ndenumerate(table):
        if not (skip_diagonal and row == column):
            colour = "white" if abs(value) > dark else "#202020"
            axes.text(column, row, form.format(value), ha="center", va="center", fontsize=7.5, color=colour)


def _frame(axes: Any, rows: list[str], columns: list[str]) -> None:
    axes.set_yticks(range(len(rows)), rows, parse_math=False)
    axes.set_xticks(range(len(columns)), columns, parse_math=False)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
