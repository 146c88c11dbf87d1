"""Heat maps of any pieces."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest

from mtlite.report.attention_map import draw_attention


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
