"""What tests of the page share: a small model of every topology, opened in Node and in Python."""

from __future__ import annotations

from pathlib import Path

import pytest
from opened_models import Opened, opened

from mtlite.config.registry import TOPOLOGIES
from mtlite.data.tokenizer import Tokenizers


@pytest.fixture(scope="session")
def twelve(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Opened]:
    """Models by topology. Tests must not change them."""
    tokenizers, folder = Tokenizers.load(tiny_run), tmp_path_factory.mktemp("opened")
    return {name: opened(name, tokenizers, folder / name) for name in TOPOLOGIES}
