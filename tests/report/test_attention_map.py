"""Heat maps of any pieces."""

from __future__ import annotations

import io
import struct

import matplotlib
import matplotlib.pyplot
import numpy as np
import pytest
from matplotlib.figure import Figure

from mtlite.report.attention_map import draw_attention, right_to_left


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.mark.parametrize("piece", ["a", "$x_$", "世", "\n", "x" * 500])
def test_any_piece_can_be_a_label(piece: str) -> None:
    output = io.BytesIO()
    draw_attention([piece, "</s>"], [piece], np.array([[0.5, 0.5]]), output, format="png")
    assert min(size_of(output.getvalue())) > 100


def test_a_long_sentence_does_not_make_a_picture_without_end() -> None:
    output = io.BytesIO()
    pieces = ["piece"] * 120
    draw_attention(pieces, pieces, np.full((120, 120), 1 / 120), output, format="png")
    width, height = size_of(output.getvalue())
    assert width * height < 21e6


def test_pieces_without_a_row_are_left_out() -> None:
    draw_attention(["a"], ["b", "c"], np.ones((1, 1)), io.BytesIO(), format="svg")


def drawn(source: list[str], target: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[Figure, str]:
    """The figure, and the same as SVG whose texts can be read."""
    figures: list[Figure] = []
    monkeypatch.setattr(matplotlib.pyplot, "close", figures.append)
    output = io.BytesIO()
    weights = np.full((len(target), len(source)), 1 / len(source))
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        draw_attention(source, target, weights, output, format="svg")
    monkeypatch.undo()
    matplotlib.pyplot.close(figures[0])
    return figures[0], output.getvalue().decode()


@pytest.mark.parametrize("piece", ["$x_1^2$", "a_b", "^", "$$", r"\frac{1}{2}$"])
def test_no_piece_is_read_as_mathematics(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn([piece], ["y", piece], monkeypatch)[1].count(f">{piece}</text>") == 2


def test_a_source_from_the_right_has_its_columns_so(monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = (drawn(source, ["x"], monkeypatch)[0].axes[0].get_xlim() for source in (["▁a", "b"], ["▁ש", "ל"]))
    assert (left, right) == ((-0.5, 1.5), (1.5, -0.5))


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["▁The", "</s>"], False),
        (["▁في", "</s>"], True),
        (["▁ש", "▁a", "▁ב"], True),
        (["▁1", ".", "</s>"], False),
        ([], False),
    ],
)
def test_the_direction_of_a_sentence(pieces: list[str], expected: bool) -> None:
    assert right_to_left(pieces) == expected


def test_pieces_of_a_long_sentence_stand_at_all_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = [f"piece{number}" for number in range(60)]
    figure, svg = drawn(pieces, pieces[:40], monkeypatch)
    assert (svg.count(">piece7</text>"), svg.count(">piece50</text>")) == (4, 2)
    assert max(figure.get_size_inches()) < 20


def test_an_accent_alone_stands_on_a_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ">\u25cc\u0301</text>" in drawn(["\u0301"], ["x"], monkeypatch)[1]


@pytest.mark.parametrize(("weight", "end"), [(0.0, 0.1), (0.14, 0.2), (0.7, 0.7), (1.0, 1.0), (1.0000001, 1.0)])
def test_the_scale_ends_above_the_highest_weight(weight: float, end: float, monkeypatch: pytest.MonkeyPatch) -> None:
    figures: list[Figure] = []
    monkeypatch.setattr(matplotlib.pyplot, "close", figures.append)
    draw_attention(["a"], ["b"], np.array([[weight]]), io.BytesIO(), format="svg")
    monkeypatch.undo()
    matplotlib.pyplot.close(figures[0])
    assert figures[0].axes[0].images[0].get_clim() == pytest.approx((0, end))
