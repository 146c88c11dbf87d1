"""Attention maps of a cell: the same sentences everywhere, and weights that come back as they were."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from mtlite.comparison.attention_maps import attention_of, chosen, weights_of
from mtlite.errors import RunError
from mtlite.storage.run_directory import Run
from mtlite.training.train import train


def test_sentences_at_the_quartiles() -> None:
    assert chosen(["x" * length for length in range(8)]) == [2, 4, 6]
    assert chosen(["same", "same"]) == [0]


def test_a_run_with_attention(tiny_run: Path) -> None:
    maps = attention_of(Run(tiny_run))
    assert maps
    for each in maps:
        weights = weights_of(each)
        assert weights.shape == (len(each["target"]), len(each["source"]))
        np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-3)
    with pytest.raises(RunError, match="damaged"):
        weights_of({**maps[0], "target": [*maps[0]["target"], "more"]})


def test_a_run_without(tiny_config: Callable[..., Any], tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    config = tiny_config(model={"topology": "padded"}, training={"max_updates": 1})
    train(config, run.path, console=Console(file=io.StringIO()))
    assert attention_of(run) == []
