"""`mtlite train`: which configuration a recipe and options make, and where it is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtlite.cli import main
from mtlite.config.options import Config
from mtlite.config.recipe import config_from
from mtlite.storage.run_directory import Run

RECIPE = """
seed: 4
data:
  train: [{pairs: a.tsv}, {pairs: b.tsv}]
model: {units: 8, layers: 1}
"""
VALUES = {"seed": 4, "data": {"train": [{"pairs": "a.tsv"}, {"pairs": "b.tsv"}]}, "model": {"units": 8, "layers": 1}}


@pytest.fixture(autouse=True)
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Config, Path, bool]]:
    """What would be trained: configuration, place, and whether it goes on."""
    asked: list[tuple[Config, Path, bool]] = []

    def train_run(config: Config, run: Run, resume: bool, console: Any, workers: Any) -> None:
        asked.append((config, run.path, resume))

    monkeypatch.setattr("mtlite.training.train.train_run", train_run)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(RECIPE)
    return asked


@pytest.mark.parametrize(
    ("arguments", "values", "place"),
    [
        (["small.yaml"], VALUES, "runs/small-1"),
        ([], {}, "runs/run-1"),
        (["small.yaml", "--run", "mine"], VALUES, "mine"),
        (["small.yaml", "--model.units", "6"], {**VALUES, "model": {"units": 6, "layers": 1}}, "runs/small-1"),
        (["small.yaml", "--model.units", "null"], {**VALUES, "model": {"layers": 1}}, "runs/small-1"),
        (
            ["--data.train.source", "c", "small.yaml"],
            {**VALUES, "data": {"train": {"source": "c"}}},
            "runs/small-1",
        ),
    ],
)
def test_options_stand_over_the_recipe(
    arguments: list[str], values: dict[str, Any], place: str, trained: list[tuple[Config, Path, bool]]
) -> None:
    assert main(["train", *arguments]) == 0
    assert trained == [(config_from(values, "here"), Path(place), False)]


def test_without_a_recipe_a_run_goes_on_as_it_was_asked_for(trained: list[tuple[Config, Path, bool]]) -> None:
    Path("mine").mkdir()
    Run(Path("mine")).write_config("config.yaml", config_from(VALUES, "here"))
    assert main(["train", "--run", "mine", "--resume"]) == 0
    assert main(["train", "--run", "mine", "--resume", "--model.units", "6"]) == 0
    other = config_from({**VALUES, "model": {"units": 6, "layers": 1}}, "here")
    assert trained == [(config_from(VALUES, "here"), Path("mine"), True), (other, Path("mine"), True)]


def test_a_dry_run_trains_nothing(trained: list[tuple[Config, Path, bool]], monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Config] = []
    monkeypatch.setattr("mtlite.training.train.dry_run", lambda config, console: shown.append(config))
    assert main(["train", "small.yaml", "--dry-run"]) == 0
    assert (shown, trained) == ([config_from(VALUES, "here")], [])
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--workers", "a:1,b:2"], "--worker "),
        (["--worker", "1"], "--worker needs --workers"),
        (["--workers", "a:1,b:2", "--worker", "1", "--local-workers", "2"], "leave --workers out"),
        (["--local-workers", "2", "--dry-run"], "--dry-run"),
        (["--local-workers", "1"], "expected 2 to"),
    ],
)
def test_options_of_workers_that_do_not_go_together_are_refused(
    options: list[str], named: str, trained: list[tuple[Config, Path, bool]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "small.yaml", *options]) == 2
    assert named in capsys.readouterr().err
    assert trained == []
    assert not Path("runs").exists()
