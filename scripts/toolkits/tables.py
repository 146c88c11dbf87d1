"""What other_toolkits.py has found, as tables and as a picture."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORD = Path(__file__).resolve().parents[1] / "other-toolkits.json"
PICTURE = Path(__file__).resolve().parents[2] / ".pictures" / "toolkits.svg"
NAMES = {
    "mtlite-attention": "mtlite, attention",
    "mtlite-small": "mtlite, small attention",
    "joeynmt-rnn": "JoeyNMT, recurrent",
    "joeynmt-transformer": "JoeyNMT, Transformer",
    "eole-rnn": "eole, recurrent",
    "eole-transformer": "eole, Transformer",
}
COLOURS = ["#0072b2", "#cc79a7", "#d55e00", "#e69f00", "#009e73", "#56b4e9"]
LABEL_HEIGHT = 2.0  # BLEU that a label takes in the picture

Table = tuple[list[str], list[list[str]], tuple[int, ...]]
"""Columns, rows, and which columns are of words."""


@dataclass(frozen=True)
class Curve:
    """A training.

    Args:
        name: of the toolkit and the model.
        points: minutes and dev BLEU, in order.
        updates: at the last point.
    """

    name: str
    points: list[tuple[float, float]]
    updates: int


def read(path: Path) -> tuple[list[Curve], list[dict[str, Any]]]:
    """The curves, in the order of `NAMES`, and the rows about translation."""
    record = json.loads(path.read_text(encoding="utf-8"))
    curves = []
    for name, found in record["curves"].items():
        points = [(point["minutes"], point["dev_bleu"]) for point in found["points"]]
        curves.append(Curve(NAMES[name], points, found["points"][-1]["update"]))
    return curves, record["translation"]


def training_table(path: Path) -> Table:
    """By toolkit, its curve."""
    rows = []
    for curve in read(path)[0]:
        points = ", ".join(f"{bleu:.1f} ({minutes:.1f})" for minutes, bleu in curve.points)
        rows.append([curve.name, f"{curve.updates:,}", points])
    return ["training", "updates", "BLEU on the dev set (after minutes)"], rows, (0, 2)


def translation_table(path: Path) -> Table:
    """By engine and search, speed and quality."""
    rows = [
        [
            row["name"],
            f"beam {row['beam']}" if row["beam"] > 1 else "greedy",
            f"{row['rate']:,.0f}",
            f"{row['bleu']:.2f}",
        ]
        for row in read(path)[1]
    ]
    return ["translation", "search", "sentences/s", "BLEU"], rows, (0, 1)


def draw(path: Path, picture: Path) -> None:
    """BLEU over minutes, a line a toolkit."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    curves = read(path)[0]
    style: Any = {"svg.hashsalt": "mtlite", "axes.spines.top": False, "axes.spines.right": False}
    with matplotlib.rc_context(style):
        figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
        heights = apart([curve.points[-1][1] for curve in curves])
        end = max(curve.points[-1][0] for curve in curves)
        for curve, colour, height in zip(curves, COLOURS, heights, strict=False):
            axes.plot(*zip(*curve.points, strict=True), marker="o", markersize=3, color=colour)
            axes.plot(
                [curve.points[-1][0], 1.01 * end], [curve.points[-1][1], height], ":", color=colour, linewidth=0.8
            )
            axes.annotate(curve.name, (1.02 * end, height), va="center", color=colour)
        axes.set_xlabel("minutes on 2 cores, each toolkit's own validations included")
        axes.set_ylabel("BLEU on the dev set, greedy")
        axes.set_xlim(0, 1.35 * end)
        axes.set_ylim(bottom=0)
        figure.savefig(picture, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)


def apart(heights: list[float]) -> list[float]:
    """Heights of labels, moved up where two would cover each other."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    moved, lowest = list(heights), float("-inf")
    for at in order:
        moved[at] = max(heights[at], lowest)
        lowest = moved[at] + LABEL_HEIGHT
    return moved
