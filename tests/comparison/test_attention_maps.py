"""Attention maps of a run: the same sentences for every run, and weights that come back as they were."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from mtlite.comparison.attention_maps import AttentionMap, attention_of, sentences_to_draw
from mtlite.config.read import plain, read_as
from mtlite.errors import UsageError
from mtlite.storage.run_directory import Run
from mtlite.training.train import train


def test_sentences_at_the_quartiles() -> None:
    assert sentences_to_draw(["x" * length for length in range(8)]) == [2, 4, 6]
    assert sentences_to_draw(["same", "same"]) == [0]


def test_a_run_with_attention(tiny_run: Path) -> None:
    maps = attention_of(Run(tiny_run))
    assert maps
    for each in maps:
        assert each.weights.shape == (len(each.target), len(each.source))
        np.testing.assert_allclose(each.weights.sum(axis=1), 1.0, atol=1e-3)
        again = read_as(AttentionMap, json.loads(json.dumps(plain(each))), "map")
        assert (again.weights == each.weights).all()
    with pytest.raises(UsageError, match="weights"):
        read_as(AttentionMap, {**plain(maps[0]), "target": [*maps[0].target, "more"]}, "map")


def test_a_run_without(tiny_config: Callable[..., Any], tmp_path: Path, console: Console) -> None:
    config = tiny_config(model={"topology": "padded"}, training={"max_updates": 1})
    assert attention_of(train(config, tmp_path / "run", console=console)) == []
