"""Pictures of topologies: their wiring, or the picture in the docstring of one whose entry names no parts."""

from __future__ import annotations

import io
import re
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from mtlite.config.registry import entry_of
from mtlite.storage.files import write_atomically
from mtlite.topologies.diagram import INK, WIDTH, Diagram
from mtlite.topologies.documentation import picture
from mtlite.topologies.wiring import wire

_TITLE = 0.36  # height of a name, in inches
_ARROWS = {"→": (1, 0), "↑": (0, 1), "↗": (1, 1)}  # where each points to
_COLOURS = {"source": "#0072b2", "target": "#d55e00"}


def draw(names: list[str], path: Path) -> None:
    """Draw topologies, up to three side by side, in a file whose ending chooses the format."""
    # The same drawing is the same file.
    with matplotlib.rc_context({"svg.hashsalt": "mtlite", "font.family": "DejaVu Sans"}):
        content, kind = io.BytesIO(), path.suffix.removeprefix(".")
        figure_of(names).savefig(content, format=kind, dpi=200, metadata={"Date": None} if kind == "svg" else {})
    write_atomically(path, content.getvalue())


def figure_of(names: list[str]) -> Figure:
    """The drawing of topologies."""
    panels = [_Panel(name) for name in names]
    rows = [panels[at : at + 3] for at in range(0, len(panels), 3)]
    heights = [max(panel.height for panel in row) for row in rows]
    width, height = WIDTH * len(rows[0]), sum(heights)
    figure = Figure(figsize=(width, height))
    for at, row in enumerate(rows):
        top = height - sum(heights[:at])
        for across, panel in enumerate(row):
            bottom = (top - panel.height) / height
            axes = figure.add_axes((across * WIDTH / width, bottom, WIDTH / width, panel.height / height))
            axes.set_axis_off()
            panel.draw(axes)
    return figure


class _Panel:
    """The picture of one topology, under its name."""

    def __init__(self, name: str) -> None:
        self.name, wiring = name, wire(name)
        self.diagram = Diagram(name, wiring) if wiring else None
        self.lines = [] if wiring else picture(name)
        self.height = _TITLE + (self.diagram.height if self.diagram else 0.23 * (len(self.lines) + 1))

    def draw(self, axes: Axes) -> None:
        axes.set(xlim=(0, WIDTH), ylim=(0, self.height))
        top = self.height - _TITLE / 2
        axes.text(0.08, top, self.name, va="center", fontsize=11, weight="bold", color=INK)
        axes.text(WIDTH - 0.08, top, entry_of(self.name).family, va="center", ha="right", fontsize=8.5, color=INK)
        if self.diagram:
            self.diagram.draw(axes)
        unit = min([0.115, *((WIDTH - 0.2) / len(line) for line in self.lines if line)])
        for row, line in enumerate(self.lines):
            _draw_line(axes, line, self.height - _TITLE - 0.23 * (row + 0.5), unit)


def _draw_line(axes: Axes, line: str, y: float, unit: float) -> None:
    """A line of a picture of characters, each one unit wide."""
    label = re.match(r"[a-z]*", line)[0]  # type: ignore[index]
    # Words in the picture start with two letters; a single `o` is a vector.
    words = list(re.finditer(r"[a-z]{2,}(,? [a-z]+)*", line[len(label) :]))
    for start, text in [(0, label), *((len(label) + word.start(), word[0]) for word in words)]:
        axes.text(0.08 + start * unit, y, text, va="center", fontsize=8, color=INK)
        line = line[:start] + " " * len(text) + line[start + len(text) :]
    for column, symbol in enumerate(line):
        x = 0.08 + (column + 0.5) * unit
        if symbol in "o·":
            inside = _COLOURS.get(label, "#bab0ac") if symbol == "o" else "white"
            axes.add_patch(Circle((x, y), 0.06 if symbol == "o" else 0.04, facecolor=inside, edgecolor=INK, lw=0.8))
        elif symbol in _ARROWS:
            right, up = (0.06 * part for part in _ARROWS[symbol])
            arrow = {"arrowstyle": "->", "color": INK, "lw": 0.9, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", xy=(x + right, y + up), xytext=(x - right, y - up), arrowprops=arrow)
        elif symbol == "-":
            axes.plot([x - unit / 2, x + unit / 2], [y, y], color=INK, lw=0.9)
