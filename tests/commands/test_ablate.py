"""`mtlite ablate`: a recipe, options over it, or a record alone."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from made_up import made_up

from mtlite.ablation import ablate
from mtlite.ablation.ablate import FinishedAblation
from mtlite.ablation.record import Record
from mtlite.cli import main
from mtlite.commands.ablate import with_overrides


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump({"ablation": {"seeds": [1, 2], "beam": 5}}))
    return str(path)


def test_options_of_the_command_line_stand_over_the_recipe() -> None:
    values = with_overrides(
        {"data": {"held_out": 5}, "ablation": {"seeds": [1, 2], "beam": 5}}, {"ablation": {"seeds": [7]}, "seed": 4}
    )
    assert values == {"data": {"held_out": 5}, "ablation": {"seeds": [7], "beam": 5}, "seed": 4}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--ablation.seeds", "[]"], "ablation.seeds: expected at least one value, received none"),
        (["--ablation.match", "sizes"], "expected one of size, parameters, received sizes"),
        (["--jobs", "0"], "--jobs: expected 1 to 1000, received 0"),
        (["--on", "slurp"], "--on: invalid choice: 'slurp' (choose from 'ray', 'slurm')"),
        (["--address", "here:1"], "--address has no effect without --on ray"),
        (["--minutes", "9", "--on", "ray"], "--minutes has no effect without --on slurm"),
        (["--memory", "9"], "--memory has no effect without --on ray or --on slurm"),
        (["--identical"], "--identical has no effect without --on ray or --on slurm"),
        (["--record", "nowhere/record.jsonl.xz"], "there is no folder nowhere"),
        (["--ablation.topologys", "[peek]"], "expected --ablation.topologies"),
        (["--ablation.topologies", "3"], "ablation.topologies: expected a list"),
        (["--ablation.topologies", "[nowhere:Mine]"], "topology nowhere:Mine: no module nowhere"),
    ],
)
def test_what_cannot_be_run(arguments: list[str], said: str, recipe: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ablate", recipe, *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error.splitlines()[-1]
    assert "mtlite: mtlite" not in error
    assert error.startswith("mtlite")


def test_a_recipe_without_an_ablation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plain.yaml").write_text("seed: 1")
    assert main(["ablate", str(tmp_path / "plain.yaml")]) == 2
    assert "is not an ablation: expected a section" in capsys.readouterr().err
    assert main(["ablate"]) == 2
    error = capsys.readouterr().err
    assert all(word in error for word in ("a recipe", "--ablation.topologies", "--record alone"))


def test_the_folder_of_a_training_is_refused(tmp_path: Path, recipe: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run.json").touch()
    assert main(["ablate", recipe, "--run", str(tmp_path)]) == 2
    assert "holds a training, not an ablation: give another folder with --run" in capsys.readouterr().err


def test_options_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    header, outcomes = made_up(seeds=[1])
    asked: list[Any] = []
    monkeypatch.setattr(ablate, "prepare_experiment", lambda values, name, folder, _: asked.extend([values, folder]))
    monkeypatch.setattr(ablate, "ablate", lambda *_: FinishedAblation(header, outcomes, {}))
    monkeypatch.chdir(tmp_path)
    assert main(["ablate", "--data.train.pairs", "a.tsv", "--ablation.topologies", "[attention, peek]"]) == 0
    values = {"data": {"train": {"pairs": "a.tsv"}}, "ablation": {"topologies": ["attention", "peek"]}}
    assert asked == [values, Path("runs/ablation")]
    shown = capsys.readouterr()
    assert "baseline" in shown.out
    assert "verdict" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A record in the working directory."""
    header, outcomes = made_up(seeds=[1])
    record = Record(tmp_path / "made-up.jsonl.xz")
    record.add_header(header)
    for name, outcome in outcomes.items():
        record.add(header, name, outcome)
    monkeypatch.chdir(tmp_path)
    return record.path.name


def test_a_record_alone(recorded: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ablate", "--record", recorded]) == 0
    page = Path("runs/made-up/report/report.html")
    assert capsys.readouterr().out.splitlines()[-1] == str(page)
    assert page.is_file()


def test_cells_that_failed_are_reported_and_are_an_error(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    header, outcomes = made_up(seeds=[1])
    failures = {"peek-seed-2": "the loss is nan"}
    monkeypatch.setattr(ablate, "prepare_experiment", lambda *_: SimpleNamespace())
    monkeypatch.setattr(ablate, "ablate", lambda *_: FinishedAblation(header, outcomes, failures))
    assert main(["ablate", recipe, "--run", str(tmp_path / "run")]) == 1
    error: Any = capsys.readouterr()
    assert "1 cells failed, the first is peek-seed-2: the loss is nan" in error.err
    assert (tmp_path / "run" / "report" / "report.html").is_file()


def test_a_record_by_other_metrics(recorded: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ablate", "--record", recorded, "--evaluation.metrics", "[bleu, wer, exact-match]"]) == 0
    said = Path("runs/made-up/report/report.md").read_text()
    assert "| WER | attention |" in said
    assert "| exact match | peek |" in said
    assert "| chrF2 |" not in said
    capsys.readouterr()
    for metrics, words in (("[wer, bleu]", "expected bleu first, which was chosen before"), ("[no]", "received no")):
        assert main(["ablate", "--record", recorded, "--evaluation.metrics", metrics]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert words in line


def test_a_record_with_scores_from_elsewhere(recorded: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ablate", "--record", recorded]) == 0
    scores = Path("scores")
    scores.mkdir()
    for file in Path("runs/made-up/report/hypotheses").iterdir():
        lines = file.read_text().splitlines()
        (scores / file.name).write_text("".join(f"{len(line) / 10}\n" for line in lines))
    assert main(["ablate", "--record", recorded, "--scores", "length=scores"]) == 0
    assert "| length | attention |" in Path("runs/made-up/report/report.md").read_text()
    capsys.readouterr()
    for given, words in (
        (["length"], "NAME=PATH"),
        (["length=nowhere"], "nowhere is no folder"),
        (["length=scores", "length=scores"], "expected one folder, received 2"),
        (["ter=scores"], "--scores ter"),
        (["length=runs"], "not found"),
    ):
        options = [text for each in given for text in ("--scores", each)]
        assert main(["ablate", "--record", recorded, *options]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert words in line
