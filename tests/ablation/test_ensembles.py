"""The seeds of an ablation translate the test set together."""

from __future__ import annotations

import io
import lzma
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ensembles
import pytest
from rich.console import Console

from mtlite.storage.run_directory import Run
from mtlite.training.train import train
from mtlite.translation.translator import Translator


@pytest.fixture(scope="module")
def ablation(tiny_run: Path, tiny_config: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ablation of one system with two seeds."""
    path = tmp_path_factory.mktemp("ablations") / "village"
    shutil.copytree(tiny_run, path / "cells" / "attention-seed-1")
    config = tiny_config(seed=2, training={"max_updates": 20, "validate_every": 20, "save_every": 20})
    train(config, path / "cells" / "attention-seed-2", console=Console(file=io.StringIO()))
    return path


def test_what_is_recorded(ablation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = tmp_path / ensembles.RECORD
    record.write_bytes(lzma.compress(b'{"another": ["before"], "village": ["before"]}'))
    monkeypatch.setattr("sys.argv", ["ensembles.py", str(ablation), "--record", str(record)])
    ensembles.main()
    cells = ensembles.cells_of(ablation)
    sources = Run(cells[0]).read_side("test.source")
    first, second, both = (
        Translator.load(each, {"beam_size": ensembles.BEAM})(sources) for each in (cells[0], cells[1], cells)
    )
    assert ensembles.recorded(tmp_path) == {"another": ["before"], "village": both}
    assert both not in (first, second)


def test_folders_without_several_seeds_of_one_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for cell in ("attention-seed-1", "peek-seed-1"):
        (tmp_path / "two-systems" / "cells" / cell).mkdir(parents=True)
    (tmp_path / "one-seed" / "cells" / "attention-seed-1").mkdir(parents=True)
    for name in ("two-systems", "one-seed", "nothing"):
        monkeypatch.setattr("sys.argv", ["ensembles.py", str(tmp_path / name), "--record", str(tmp_path / "record")])
        with pytest.raises(SystemExit, match="2"):
            ensembles.main()
        assert f"{name}: expected the run directory of an ablation with several seeds" in capsys.readouterr().err
    assert not (tmp_path / "record").exists()


def test_nothing_is_recorded(tmp_path: Path) -> None:
    assert ensembles.recorded(tmp_path) == {}
