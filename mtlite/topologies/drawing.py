"""The pictures in the docstrings of topologies, as text and as drawings."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from typing import Any

from mtlite.config.registry import entry_of
from mtlite.errors import UsageError

_COLOURS = {"source": "#4c78a8", "target": "#f58518"}
_OTHER = "#bab0ac"
_ARROWS = {"→": (1, 0), "↑": (0, 1), "↗": (1, 1)}  # where each points to


def documentation(name: str) -> str:
    """Read the docstring of a topology from its file, without importing it."""
    module, _, class_name = entry_of(name).path.partition(":")
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return ""
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name]
    return (ast.get_docstring(classes[0]) or "") if classes else ""


def picture(name: str) -> list[str]:
    """The lines of the picture in a topology's docstring: `o` are vectors, `·` blanks, the rest arrows and words."""
    found = re.search(r"^```\n(.*?o.*?)\n```$", documentation(name), re.DOTALL | re.MULTILINE)
    if not found:
        raise UsageError(
            f"topology {name} has no picture: expected lines between ``` and ``` in the docstring of its class, of o "
            "(a vector), · (a blank), arrows → ↑ ↗ and words"
        )
    return found[1].splitlines()  # type: ignore[no-any-return]


def draw(names: list[str], path: Path) -> None:
    """Draw topologies, up to three side by side, in a file whose ending chooses the format."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    pictures = [picture(name) for name in names]
    across = min(3, len(names))
    down = -(-len(names) // across)
    width, height = max(len(line) for lines in pictures for line in lines), max(map(len, pictures))
    size = across * 0.115 * (width + 2), down * 0.115 * (2 * height + 4)
    figure, grid = pyplot.subplots(down, across, figsize=size, squeeze=False, layout="constrained")
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, name, lines in zip(grid.flat, names, pictures, strict=False):
        axes.set_title(f"{name}  ({entry_of(name).family})", loc="left", fontsize=10)
        # A character is half as wide as a line is high.
        axes.set(xlim=(-1, width), ylim=(-2 * height + 0.8, 1.2), aspect="equal", anchor="NW")
        for row, line in enumerate(lines):
            _draw_line(axes, line, -2 * row)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def _draw_line(axes: Any, line: str, y: int) -> None:
    label = re.match(r"[a-z]*", line)[0]  # type: ignore[index]
    # Words in the picture start with two letters; a single `o` is a vector.
    words = list(re.finditer(r"[a-z]{2,}(,? [a-z]+)*", line[len(label) :]))
    for start, text in [(0, label), *((len(label) + word.start(), word[0]) for word in words)]:
        axes.text(start - 0.5, y, text, va="center", fontsize=8, color="0.35")
        line = line[:start] + " " * len(text) + line[start + len(text) :]
    for x, symbol in enumerate(line):
        if symbol in "o·":
            from matplotlib.patches import Circle

            inside = _COLOURS.get(label, _OTHER) if symbol == "o" else "white"
            axes.add_patch(Circle((x, y), 0.55 if symbol == "o" else 0.35, facecolor=inside, edgecolor="0.3", lw=0.8))
        elif symbol in _ARROWS:
            right, up = _ARROWS[symbol]
            arrow = {"arrowstyle": "->", "color": "0.3", "lw": 0.9, "shrinkA": 0, "shrinkB": 0}
            tail, tip = (x - 0.5 * right, y - 0.7 * up), (x + 0.5 * right, y + 0.7 * up)
            axes.annotate("", xy=tip, xytext=tail, arrowprops=arrow)
        elif symbol == "-":
            axes.plot([x - 0.5, x + 0.5], [y, y], color="0.3", lw=0.9)
