"""The outcome of a finished run: what is read from a run directory, and what is seen in its curve."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from made_up import made_up

from mtlite.comparison.outcome import Outcome, flat, outcome_of
from mtlite.config.options import Config
from mtlite.config.read import plain, read_as
from mtlite.errors import RunError
from mtlite.storage.run_directory import Run

VALIDATION = {"kind": "validation", "update": 20, "dev_bleu": 1.0, "dev_loss": 1.0, "best": True, "seconds": 1.0}


def outcome(*bleu: float) -> Outcome:
    whole = next(iter(made_up()[1].values()))
    return dataclasses.replace(whole, curve=[(10 * at, 2.0 - 0.1 * at, each) for at, each in enumerate(bleu, 1)])


def test_ties_are_decided_by_loss() -> None:
    assert outcome(0.0, 0.0, 0.0).best[0] == 30
    assert outcome(0.0, 4.0, 4.0, 1.0).best[0] == 30


def test_json_keeps_every_digit() -> None:
    whole = next(iter(made_up(beam=4)[1].values()))
    text = json.dumps(plain(whole))
    again = read_as(Outcome, json.loads(text), "outcome")
    assert json.dumps(plain(again)) == text
    assert (again.likelihood["test"].nll == whole.likelihood["test"].nll).all()
    assert again.likelihood["test"].nll.dtype == whole.likelihood["test"].nll.dtype


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"curve": []}, "curve: expected at least one validation"),
        ({"curve": [["x", 1.0, 1.0]]}, "curve"),
        ({"config": 5}, "config"),
        ({"training_seconds": float("nan")}, "training_seconds"),
        ({"likelihood": {"test": {"nll": [1.0], "pieces": [2], "unreachable": [0]}}}, "likelihood.test"),
        ({"likelihood": {"a" * 900: {"nll": [1.0], "pieces": [2], "unreachable": [0]}}}, "likelihood.'a{80}'"),
        ({"attention": [{"source": ["a"], "target": ["b"], "weights": [[0.5, 0.5]]}]}, "weights"),
        ({"more": 1}, "more"),
    ],
)
def test_what_no_run_has_left_behind(change: dict[str, object], said: str) -> None:
    values = plain(next(iter(made_up()[1].values()))) | change
    with pytest.raises(RunError, match=said):
        read_as(Outcome, values, "outcome", error=RunError)


def test_counts_belong_to_hypotheses() -> None:
    values = plain(next(iter(made_up()[1].values())))
    values["outputs"]["greedy"]["test"]["hypotheses"].pop()
    with pytest.raises(RunError, match="counts for each hypothesis"):
        read_as(Outcome, values, "outcome", error=RunError)


def test_options_without_places() -> None:
    options = flat(Config())
    assert options["model.topology"] == "attention"
    assert options["data.seed"] == 1
    assert not {"data.train", "data.test", "data.tests", "tokenizer.model"} & options.keys()


def test_a_run(tiny_run: Path) -> None:
    run = Run(tiny_run)
    found = outcome_of(run)
    assert found.curve[-1][0] == found.updates == 20
    assert found.topology == "attention"
    assert found.outputs["greedy"]["test"].hypotheses == run.read_lines("hypotheses.txt")
    assert list(found.with_search_named("beam").outputs) == ["beam"]
    logged = [json.loads(line) for line in (tiny_run / "training-log.jsonl").read_text().splitlines()]
    assert found.tokens == sum(line.get("tokens", 0) for line in logged) > 0


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("result.json", {"search": 5}),
        ("result.json", {"tests": {}}),
        ("result.json", {"tests": {"test": {"seconds": "x"}}}),
        ("training-log.jsonl", {**VALIDATION, "dev_bleu": float("nan")}),
        ("training-log.jsonl", {**VALIDATION, "update": -3}),
        ("training-log.jsonl", {"kind": "validation", "update": 20}),
    ],
)
def test_a_run_with_results_that_no_training_has_written(
    tiny_run: Path, tmp_path: Path, name: str, change: dict[str, object]
) -> None:
    path = tmp_path / "run"
    shutil.copytree(tiny_run, path)
    before = json.loads((path / name).read_text()) if name == "result.json" else {}
    (path / name).write_text(json.dumps({**before, **change}) + "\n")
    with pytest.raises(RunError, match="damaged"):
        outcome_of(Run(path))


def test_hypotheses_of_another_result_are_refused(tiny_run: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    shutil.copytree(tiny_run, path)
    lines = (path / "hypotheses.txt").read_text().splitlines()
    (path / "hypotheses.txt").write_text("".join(f"{line}\n" for line in ["ein anderer Satz", *lines[1:]]))
    with pytest.raises(RunError, match=r"hypotheses\.txt was altered.*result\.json.*--resume"):
        outcome_of(Run(path))
    result = json.loads((path / "result.json").read_text())
    del result["tests"]["test"]["hypotheses"]  # a run that ended before it was kept
    (path / "result.json").write_text(json.dumps(result))
    assert outcome_of(Run(path)).outputs["greedy"]["test"].hypotheses[0] == "ein anderer Satz"
