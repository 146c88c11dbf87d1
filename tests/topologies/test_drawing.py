"""Drawings of topologies, one or all side by side."""

from __future__ import annotations

from pathlib import Path

from mtlite.config.registry import TOPOLOGIES
from mtlite.topologies.drawing import draw

NAMES = list(TOPOLOGIES)


def test_all_side_by_side(tmp_path: Path) -> None:
    draw(NAMES, tmp_path / "all.svg")
    assert all(f"<!-- {name} " in (tmp_path / "all.svg").read_text(encoding="utf-8") for name in NAMES)
