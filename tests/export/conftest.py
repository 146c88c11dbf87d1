"""What tests of the export share: a small model of every topology, in Python and as a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from export.exported import Exported, exported

from mtlite.config.registry import TOPOLOGIES
from mtlite.data.tokenizer import Tokenizers


@pytest.fixture(scope="session")
def twelve(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Exported]:
    """Models by topology. Tests must not change them."""
    tokenizers, folder = Tokenizers.load(tiny_run), tmp_path_factory.mktemp("exported")
    return {name: exported(name, tokenizers, folder / name) for name in TOPOLOGIES}
