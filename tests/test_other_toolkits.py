"""Other toolkits beside mtlite: their recipes, what they have saved when they are ended, and the curves."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import other_toolkits
import pytest
import yaml
from other_toolkits import TOOLKITS, Checkpoint, run_for, spread
from samples import number_pairs, write_pairs
from toolkits.recipes import RECIPES

from mtlite.config.options import CorpusConfig, DataConfig
from mtlite.errors import RunError, UsageError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus for all toolkits."""
    paths = write_pairs(tmp_path, "train", number_pairs(40, seed=5))
    config: Any = SimpleNamespace(data=DataConfig([CorpusConfig(**paths)]))
    monkeypatch.setattr(other_toolkits, "reference_config", lambda pairs: config)
    monkeypatch.setattr(other_toolkits, "PIECES", 40)
    place = tmp_path / "toolkits"
    other_toolkits.prepare(SimpleNamespace(folder=place, pairs=None))  # type: ignore[arg-type]
    return place


def test_all_toolkits_are_given_the_same_pieces(folder: Path) -> None:
    model = other_toolkits.pieces_of(folder)
    for name in ("train", "dev", "test"):
        for language in ("en", "de"):
            raw, pieces = ((folder / f"{name}.{part}{language}").read_text().splitlines() for part in ("", "pieces."))
            assert [model.decode(line.split(" ")) for line in pieces] == raw
    known = (folder / "joint.vocabulary").read_text().splitlines()
    assert "<unk>" not in known
    assert {line.split("\t")[0] for line in (folder / "joint.counts").read_text().splitlines()} <= set(known)
    with pytest.raises(UsageError, match="exists: give a new folder"):
        other_toolkits.prepare(SimpleNamespace(folder=folder, pairs=None))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", RECIPES)
def test_a_training_reads_a_recipe_that_names_files_of_the_corpus(name: str, folder: Path) -> None:
    toolkit = TOOLKITS[name.partition("-")[0]](Path("python"), folder, folder, RECIPES[name](folder))
    command = toolkit.training()
    recipe = yaml.safe_load(Path(next(part for part in command if part.endswith(".yaml"))).read_text())
    named = [part for part in str(recipe).replace("'", " ").split() if part.startswith(str(folder))]
    assert str(folder / "model") in named
    missing = [path for path in named if not list(folder.glob(f"{Path(path).name}*")) and path != str(folder / "model")]
    assert missing == []


def test_checkpoints_have_the_minutes_at_which_they_were_written(tmp_path: Path) -> None:
    start = time.time()
    for name, make in (("joeynmt", "model/{}.hyps"), ("eole", "model/step_{}")):
        place = tmp_path / name
        (place / "model").mkdir(parents=True)
        for update in (1000, 500):
            path = place / make.format(update)
            path.touch()
            os.utime(path, (start + update, start + update))
        found = TOOLKITS[name](Path("python"), tmp_path, place, {}).checkpoints(start)
        assert [each.update for each in found] == [500, 1000]
        assert [each.minutes for each in found] == pytest.approx([500 / 60, 1000 / 60], abs=1e-3)


def test_a_curve_has_few_points_and_the_last_one() -> None:
    saved = [Checkpoint(Path(), update, 0.0) for update in range(1, 26)]
    assert [each.update for each in spread(saved, 10)] == [1, 4, 7, 10, 13, 16, 19, 22, 25]
    assert spread(saved[:3], 10) == saved[:3]


def test_a_training_is_ended_and_one_that_fails_is_an_error(tmp_path: Path) -> None:
    log = tmp_path / "log"
    run_for([sys.executable, "-c", "import time; time.sleep(60)"], log, 1.0)
    assert "KeyboardInterrupt" in log.read_text()
    with pytest.raises(RunError, match="ended with code 3"):
        run_for([sys.executable, "-c", "raise SystemExit(3)"], log, 60.0)


def test_curves_are_drawn_beside_that_of_a_run(tiny_run: Path, folder: Path) -> None:
    (folder / "eole-rnn").mkdir()
    points = [{"minutes": 1.5, "dev_bleu": 2.0}, {"minutes": 3.0, "dev_bleu": 20.0}]
    (folder / "eole-rnn" / "curve.json").write_text(json.dumps({"points": points}))
    found = other_toolkits.curves(folder, str(tiny_run))
    assert list(found) == ["mtlite, attention", "eole-rnn"]
    assert found["eole-rnn"] == [(1.5, 2.0), (3.0, 20.0)]
    picture = folder / "curves.svg"
    other_toolkits.draw(SimpleNamespace(folder=folder, run=str(tiny_run), picture=str(picture)))  # type: ignore[arg-type]
    assert "svg" in picture.read_text()
