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
from toolkits import tables
from toolkits.recipes import RECIPES

from mtlite.config.options import CorpusConfig, DataConfig
from mtlite.errors import RunError, UsageError
from mtlite.storage.training_log import Validated, read_training_log


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
    named = [part for part in str([recipe, *command]).replace("'", " ").split() if part.startswith(str(folder))]
    made = {part for part in map(Path, named) if part.name in ("model", "run")}
    assert len(made) == 1
    missing = [path for path in map(Path, named) if path not in made and not list(folder.glob(f"{path.name}*"))]
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


def test_mtlite_has_the_curve_of_its_log(tiny_run: Path, folder: Path) -> None:
    (folder / "mtlite-attention").mkdir()
    (folder / "mtlite-attention" / "run").symlink_to(tiny_run)
    ours = TOOLKITS["mtlite"](Path("python"), folder, folder / "mtlite-attention", {})
    start = (tiny_run / "resolved.yaml").stat().st_mtime - 90
    log = [line for line in read_training_log(tiny_run / "training-log.jsonl") if isinstance(line, Validated)]
    found = ours.checkpoints(start)
    assert [each.minutes for each in found] == pytest.approx([1.5 + line.seconds / 60 for line in log], abs=1e-3)
    assert [ours.dev_bleu(each) for each in found] == [line.dev_bleu for line in log]


def test_what_was_found_is_recorded_and_shown(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = [{"minutes": 1.5, "update": 100, "dev_bleu": 2.0}, {"minutes": 12.0, "update": 800, "dev_bleu": 20.0}]
    for name in ("mtlite-attention", "eole-rnn"):
        (folder / name).mkdir()
        curve = {"points": points, "best": "somewhere"}
        (folder / name / "curve.json").write_text(json.dumps(curve))
    row = {"name": "mtlite, bfloat16", "beam": 1, "rate": 1234.4, "bleu": 31.0}
    (folder / "translation.json").write_text(json.dumps([row]))
    path = tmp_path / "record.json"
    monkeypatch.setattr(other_toolkits, "RECORD", path)
    other_toolkits.record(SimpleNamespace(folder=folder))  # type: ignore[arg-type]
    rows = tables.training_table(path)[1]
    assert rows[0] == ["mtlite, attention", "800", "2.0 (1.5), 20.0 (12.0)"]
    assert rows[1][0] == "eole, recurrent"
    assert tables.translation_table(path)[1] == [["mtlite, bfloat16", "greedy", "1,234", "31.00"]]
    picture = tmp_path / "curves.svg"
    tables.draw(path, picture)
    assert "svg" in picture.read_text()


def test_labels_do_not_cover_each_other() -> None:
    assert tables.apart([20.0, 10.0, 20.5, 35.0]) == [20.0, 10.0, 22.0, 35.0]
