"""`page/ablation_choice.py`: of each system, the seed that did best on dev."""

from __future__ import annotations

import json
import shutil

import pytest
from made_up import made_up

from mtlite.config.read import plain
from mtlite.errors import UsageError
from mtlite.page.ablation_choice import best_runs


@pytest.fixture
def folder(tiny_run, tmp_path):
    """`folder({"peek-seed-1": 20.0})`: an ablation of attention and peek, whose cells reached that BLEU on dev."""

    def make(cells):
        header, _ = made_up(seeds=[1, 2, 3])
        (tmp_path / "experiment.json").write_text(json.dumps(plain(header)))
        for name, bleu in cells.items():
            shutil.copytree(tiny_run, tmp_path / "cells" / name)
            lines = [
                {"kind": "validation", "update": at, "dev_loss": 2.0, "dev_bleu": each, "best": True, "seconds": 1.0}
                for at, each in enumerate([1.0, bleu, 2.0], 1)
            ]
            log = tmp_path / "cells" / name / "training-log.jsonl"
            log.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return tmp_path

    return make


def test_the_best_finished_seed_of_each_system(folder):
    cells = {"attention-seed-1": 20.0, "attention-seed-2": 30.0, "attention-seed-3": 40.0, "peek-seed-2": 5.0}
    made = folder(cells)
    (made / "cells" / "attention-seed-3" / "result.json").unlink()
    found = best_runs(made)
    assert {name: run.path.name for name, run in found.items()} == {
        "attention": "attention-seed-2",
        "peek": "peek-seed-2",
    }


def test_a_system_without_a_finished_run_is_left_out_and_named(folder, capsys):
    assert list(best_runs(folder({"peek-seed-1": 1.0}))) == ["peek"]
    assert "attention" in capsys.readouterr().err


def test_what_is_no_ablation_is_refused(folder, tmp_path, tiny_run):
    with pytest.raises(UsageError, match=r"experiment\.json"):
        best_runs(tiny_run)
    with pytest.raises(UsageError, match="finished"):
        best_runs(folder({}))
