"""Every node and edge of a wiring is drawn, inside the picture, and no label lies on anything."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.path import Path as Line
from matplotlib.transforms import Bbox
from samples import ROOT

from mtlite.config.registry import TOPOLOGIES
from mtlite.topologies.drawing import draw, figure_of
from mtlite.topologies.wiring import wire

NAMES = [name for name, entry in TOPOLOGIES.items() if entry.parts]


def ids(name: str) -> set[str]:
    """What the elements of a picture are called."""
    wiring = wire(name)
    assert wiring is not None
    names = [*(node.name for node in wiring.nodes), *(f"{edge.start}--{edge.end}" for edge in wiring.edges)]
    return {f"{name}/{each}" for each in names}


def drawn(path: Path) -> set[str]:
    return set(re.findall(r'id="([^"]+/[^"]+)"', path.read_text(encoding="utf-8")))


def boxes(name: str) -> tuple[Any, dict[str, Bbox], list[tuple[str, Bbox]]]:
    """The axes, the boxes of the nodes and those of the texts that are written beside them."""
    figure = figure_of([name])
    renderer = FigureCanvasAgg(figure).get_renderer()
    axes = figure.axes[0]
    shapes = [patch for patch in axes.patches if not isinstance(patch, FancyArrowPatch | Rectangle)]
    nodes = {str(patch.get_gid()): patch.get_window_extent(renderer) for patch in shapes}
    texts = [(text.get_text(), text.get_window_extent(renderer)) for text in axes.texts if text.get_text()]
    return axes, nodes, texts


@pytest.mark.parametrize("name", NAMES)
def test_all_is_in_the_picture(name: str, tmp_path: Path) -> None:
    draw([name], tmp_path / "one.svg")
    assert drawn(tmp_path / "one.svg") == ids(name)
    again = (tmp_path / "one.svg").read_bytes()
    draw([name], tmp_path / "one.svg")
    assert (tmp_path / "one.svg").read_bytes() == again


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_in_the_tree_is_of_this_wiring(name: str) -> None:
    folder = ROOT / ".pictures" / "topologies"
    assert drawn(folder / f"{name}.svg") == ids(name)
    assert ids(name) <= drawn(folder / "all.svg")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_overlaps(name: str) -> None:
    axes, nodes, texts = boxes(name)
    figure, written = axes.figure.bbox, 0
    for one, box in [*nodes.items(), *texts]:
        assert figure.x0 <= box.x0 < box.x1 <= figure.x1, one
        assert figure.y0 <= box.y0 < box.y1 <= figure.y1, one
    for (one, box), (other, second) in combinations([*nodes.items(), *texts], 2):
        if box.overlaps(second):  # only what is written on a node
            assert one in nodes, f"{one} lies on {other}"
            assert other not in nodes, f"{one} lies on {other}"
            assert box.x0 <= second.x0 < second.x1 <= box.x1, f"{other} leaves {one}"
            assert box.y0 <= second.y0 < second.y1 <= box.y1, f"{other} leaves {one}"
            written += 1
    assert written == sum(bool(node.text) for node in wire(name).nodes)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", NAMES)
def test_no_arrow_crosses_a_label_or_another_node(name: str) -> None:
    axes, nodes, texts = boxes(name)
    beside = [(text, box) for text, box in texts if not any(node.overlaps(box) for node in nodes.values())]
    assert {"reads", "remembers", "writes", "source", name} <= {text for text, _ in beside}
    for arrow in (patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)):
        lines = arrow.get_transform().transform_path(arrow.get_path()).to_polygons(closed_only=False)
        start, end = str(arrow.get_gid()).partition("/")[2].split("--")
        others = [(node, box) for node, box in nodes.items() if node.partition("/")[2] not in (start, end)]
        for what, box in [*beside, *others]:
            for line in lines:
                assert not Line(line).intersects_bbox(box, filled=False), f"{arrow.get_gid()} crosses {what}"
