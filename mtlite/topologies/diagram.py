"""Draws a wiring: time goes from left to right through sides, depth upwards from tops to bottoms.

Tokens are squares, cells circles, memories wide; a band marks each zone. Lengths are in inches.
"""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.path import Path

from mtlite.topologies.wiring import ZONES, Edge, Layer, Node, Role, Use, Wiring, Zone

WIDTH = 5.0
INK = "#333333"

_COLUMN = 0.47
_LEFT = 0.9  # for the names of the zones
_LETTER = 0.06  # of a label
_ABOVE = 0.42  # the target
_GAPS: dict[Layer, float] = {
    **{"source": 0.4, "reader": 0.5, "memory": 0.62, "copy": 0.5},
    **{"context": 1.05, "input": 0.55, "writer": 0.5, "target": 0.5},
}
"""Between a layer and the one below."""
_BANDS: dict[Zone, str] = {"reads": "#e4f0f9", "remembers": "#e3f3ec", "writes": "#fdf0de"}
_FILLS: dict[Role, str] = {
    **{"source": "#0072b2", "reader": "#56b4e9", "memory": "#009e73", "copy": "#a6dccb", "context": "#cc79a7"},
    **{"so-far": "white", "blank": "white", "writer": "#e69f00", "target": "#d55e00"},
}
"""Of Okabe and Ito's palette (2008)."""
_LINES: dict[Use, str] = {"remembers": "#00704f", "looks back": "#a04a7c", "feeds back": "#d55e00"}
_WIDE, _SMALL = (0.17, 0.12), (0.125, 0.125)  # half the width and the height of a memory, and of the rest
_TIP = 0.015  # between an arrow and a node

Point = tuple[float, float]


class Diagram:
    """The picture of a wiring."""

    def __init__(self, name: str, wiring: Wiring) -> None:
        self.name, self.wiring = name, wiring
        self.nodes = {node.name: node for node in wiring.nodes}
        there, self.levels, height = {node.layer for node in wiring.nodes}, {}, 0.0
        for layer in ZONES:
            if layer in there:
                height += _GAPS[layer]
                self.levels[layer] = height
        self.height = height + _ABOVE
        columns, self.vector = [node.column for node in wiring.nodes], self._vector()
        beside = "" if self.vector else max(wiring.labels.get("reader", ""), wiring.labels["memory"], key=len)
        self.left = (_LEFT + WIDTH - max(columns) * _COLUMN - len(beside) * _LETTER) / 2

    def _vector(self) -> Node | None:
        """The memory right of which is written, where there is one for all."""
        memories = self.wiring.of("memory")
        after = [node for node in self.wiring.nodes if node.role == "writer" and node.column > memories[-1].column]
        return memories[-1] if after else None

    def at(self, node: Node) -> Point:
        """The centre of a node."""
        return self.left + node.column * _COLUMN, self.levels[node.layer]

    def draw(self, axes: Axes) -> None:
        """Draw it on axes in inches, from the lower left."""
        self._draw_bands(axes)
        for edge in self.wiring.edges:
            self._draw_edge(axes, edge)
        for node in self.wiring.nodes:
            self._draw_node(axes, node)
        for role, text in self.wiring.labels.items():
            self._draw_label(axes, role, text)

    def _draw_bands(self, axes: Axes) -> None:
        bottom = 0.0
        for zone, colour in _BANDS.items():
            top = max(level for layer, level in self.levels.items() if ZONES[layer] == zone)
            above = min((level for level in self.levels.values() if level > top), default=self.height + 1)
            edge = min(self.height, (top + above) / 2, top + 0.5 if zone == "writes" else top + 0.31)
            axes.add_patch(Rectangle((0.06, bottom), WIDTH - 0.12, edge - bottom - 0.03, facecolor=colour, zorder=0))
            axes.text(0.14, edge - 0.16, zone, va="center", fontsize=9, weight="bold", color=INK)
            bottom = edge

    def _draw_node(self, axes: Axes, node: Node) -> None:
        x, y = self.at(node)
        width, height = _half(node)
        hollow = node.role in ("so-far", "blank")
        style: Any = {
            "facecolor": _FILLS["reader" if self.wiring.shared and node.role == "writer" else node.role],
            "edgecolor": _FILLS["target"] if node.role == "so-far" else "#707070" if node.role == "blank" else INK,
            "linestyle": "--" if node.role == "blank" else "-",
            "lw": 1.2 if hollow else 0.8,
            "zorder": 3,
            "gid": f"{self.name}/{node.name}",
        }
        if node.role in ("reader", "writer", "context"):
            axes.add_patch(Circle((x, y), height, **style))
        else:
            rounding = height * 0.9 if node.role in ("memory", "copy") else 0.03
            box = f"round,pad=0,rounding_size={rounding}"
            axes.add_patch(FancyBboxPatch((x - width, y - height), 2 * width, 2 * height, boxstyle=box, **style))
        light = node.role in ("so-far", "copy", "context", "blank")
        size = 6.5 if len(node.text) > 2 else 8
        axes.text(x, y, node.text, ha="center", va="center_baseline", fontsize=size, zorder=4,
                  color=INK if light else "white")  # fmt: skip

    def _draw_edge(self, axes: Axes, edge: Edge) -> None:
        style: Any = {
            "arrowstyle": "-|>,head_length=2.6,head_width=1.5",
            "mutation_scale": 1,
            "color": _LINES.get(edge.use, INK),
            "lw": 0.7 if edge.use == "looks back" else 1.0,
            "linestyle": "--" if edge.use == "feeds back" else "-",
            "joinstyle": "round",
            "zorder": 1 if edge.use == "looks back" else 2,
            "gid": f"{self.name}/{edge.start}--{edge.end}",
        }
        axes.add_patch(FancyArrowPatch(path=Path(self.route(edge)), fill=False, **style))

    def route(self, edge: Edge) -> list[Point]:
        """The points of an edge."""
        start, end = self.nodes[edge.start], self.nodes[edge.end]
        (x, y), (to_x, to_y) = self.at(start), self.at(end)
        (width, height), (to_width, to_height) = _half(start), _half(end)
        out, into = y + height, to_y - to_height - _TIP
        if edge.use == "carries on":
            return self._in_time(edge, start, end)
        if edge.use == "feeds back":  # between two columns
            x, to_x = x + width, to_x - to_width - _TIP
            middle = to_x - 0.08
            return [(x, y), (middle, y), (middle, to_y), (to_x, to_y)]
        if start.role == "writer" and end.role == "context":  # down, left of the column
            lane = x - 0.185
            return [(x - 0.1, y - 0.08), (lane, y - 0.2), (lane, to_y + 0.2), (x - 0.09, to_y + 0.1)]
        if start.role in ("copy", "context") and (end.role == "target" or "input" in self.levels):
            lane = x + 0.19  # up, right of the column
            return [(x + 0.08, out - 0.02), (lane, y + 0.25), (lane, to_y - 0.25), (x + 0.1, into + 0.02)]
        if start is self.vector and end.role in ("copy", "writer"):
            return [(x + width, y), (to_x, y), (to_x, into)]  # along, then up
        return [(x, out), (to_x, into)]

    def _in_time(self, edge: Edge, start: Node, end: Node) -> list[Point]:
        (x, y), (to_x, to_y) = self.at(start), self.at(end)
        if start.layer != end.layer:  # a state starts a cell: up, then along
            return [(x, y + _half(start)[1]), (x, to_y), (to_x - _half(end)[0] - _TIP, to_y)]
        forward = to_x > x
        both = any((other.start, other.end) == (edge.end, edge.start) for other in self.wiring.edges)
        shift = (0.045 if forward else -0.045) if both else 0.0
        reach = _half(start)[0] if forward else -_half(start)[0]
        tip = _TIP if forward else -_TIP
        return [(x + reach, y + shift), (to_x - reach - tip, to_y + shift)]

    def _draw_label(self, axes: Axes, role: Role, text: str) -> None:
        nodes = self.wiring.of(role)
        (first, y), (last, _) = self.at(nodes[0]), self.at(nodes[-1])
        layer, x, side = nodes[0].layer, last + 0.26, "left"
        if layer in ("source", "target"):
            x, y, side = (first + last) / 2, y + (0.24 if layer == "target" else -0.24), "center"
        elif self.vector and role != "reader" and (role != "memory" or len(nodes) == 1):
            x, side = self.at(self.vector)[0] - 0.26, "right"
        axes.text(x, y, text, fontsize=8, color="#4d4d4d", ha=side, va="center")


def _half(node: Node) -> Point:
    return _WIDE if node.role in ("memory", "copy") else _SMALL
