"""Which runs can be compared: other test sets, references or signatures are refused, other data are marked."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mtlite.cli import main
from mtlite.comparison.comparable import common_test, group_runs, refuse_incomparable
from mtlite.comparison.outcome import Outcome
from mtlite.errors import DataError, RunError, UsageError
from mtlite.storage.run_directory import Run

VALIDATION = {"kind": "validation", "update": 20, "dev_bleu": 1.0, "dev_loss": 1.0, "seconds": 1.0}


@pytest.fixture
def runs(made_up: Any) -> dict[str, Outcome]:
    """By folder: two seeds of attention and of peek."""
    found = {}
    for name, outcome in made_up()[1].items():
        values = copy.deepcopy(dict(outcome.values))
        values["facts"] |= {"sides": {"test.source": "1" * 64, "test.target": "2" * 64}}
        found[name] = Outcome(values)
    return found


def test_runs_that_differ_in_their_seed_alone_are_one_system(runs: dict[str, Outcome]) -> None:
    systems, baseline = group_runs(list(runs), list(runs.values()), "peek-seed-2")
    assert (baseline, [system.name for system in systems]) == ("peek", ["peek", "attention"])
    assert [list(system.runs) for system in systems] == [[1, 2], [1, 2]]


def test_a_system_is_named_by_the_options_in_which_it_differs(runs: dict[str, Outcome]) -> None:
    for name, outcome in runs.items():
        outcome.config["model.units"] = 8 if name.endswith("1") else 4
    systems, _ = group_runs(list(runs), list(runs.values()), "peek-seed-2")
    assert [system.name for system in systems] == [
        "peek units=4", "attention units=8", "attention units=4", "peek units=8",
    ]  # fmt: skip


def test_the_same_seed_twice_is_refused(runs: dict[str, Outcome]) -> None:
    paths, outcomes = [*runs, "again"], [*runs.values(), runs["peek-seed-1"]]
    with pytest.raises(UsageError, match="peek-seed-1 and again are the same system with seed 1"):
        group_runs(paths, outcomes, "again")


def test_other_references_and_signatures_are_refused(runs: dict[str, Outcome]) -> None:
    paths, outcomes = list(runs), list(runs.values())
    refuse_incomparable(paths, outcomes, "test")
    outcomes[1].facts["sides"]["test.target"] = "3" * 64
    with pytest.raises(DataError, match=f"{paths[1]} cannot be compared with {paths[0]}: other references of test"):
        refuse_incomparable(paths, outcomes, "test")
    outcomes[1].facts["sides"]["test.target"] = "2" * 64
    outcomes[2].outputs["greedy"]["test"].statistics.signatures["bleu"] = "tok:zh"
    with pytest.raises(DataError, match="its bleu is tok:zh, expected"):
        refuse_incomparable(paths, outcomes, "test")


def test_other_data_and_budgets_are_marked(runs: dict[str, Outcome]) -> None:
    for seed in (1, 2):
        values = runs[f"peek-seed-{seed}"].values
        values["facts"]["training_fingerprint"] = "b" * 64
        values["curve"].append([120, 1.0, values["curve"][-1][2]])
    systems, _ = group_runs(list(runs), list(runs.values()), "attention-seed-1")
    assert systems[0].marks == []
    assert systems[1].marks == ["other training pairs", "other budget: 120 and 100 updates"]


def test_what_differs_in_a_later_seed_is_marked_too(runs: dict[str, Outcome]) -> None:
    runs["peek-seed-2"].values["search"]["beam_size"] = 5
    runs["peek-seed-2"].values["curve"].pop()
    systems, _ = group_runs(list(runs), list(runs.values()), "attention-seed-1")
    assert systems[1].marks == ["other budget: 90 and 100 updates", "other search: beam_size 5"]


def test_a_test_set_that_all_have() -> None:
    runs: list[Any] = [SimpleNamespace(facts=lambda tests=tests: {"tests": tests}) for tests in (["a", "b"], ["b"])]
    assert common_test(runs, None) == "b"
    with pytest.raises(UsageError, match="--test a: expected a test set of all runs: b"):
        common_test(runs, "a")
    with pytest.raises(UsageError, match="share no test set"):
        common_test([runs[1], SimpleNamespace(facts=lambda: {"tests": ["c"]})], None)  # type: ignore[list-item]


def test_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"das ist der Satz Nummer {number} von allen" for number in range(40)]
    for name, count in {"reference": 40, "good": 38, "bad": 10, "short": 39}.items():
        kept = [line if number < count else "nichts davon ist da" for number, line in enumerate(lines)]
        (tmp_path / name).write_text("".join(f"{line}\n" for line in kept[: 39 if name == "short" else 40]))
    reference, good, bad, short = (str(tmp_path / name) for name in ("reference", "good", "bad", "short"))
    assert main(["compare", "--reference", reference, "--language", "de", good, bad]) == 0
    shown = capsys.readouterr().out
    assert "this run only" in shown
    assert "0.0001" in shown
    for arguments, said, code in (
        (["--reference", reference, good], "expected at least two", 2),
        (["--reference", reference, good, good], "is given twice", 2),
        (["--reference", reference, good, short], "short: expected one hypothesis per reference", 1),
        ([good, bad], "is a file: expected run directories, or --reference", 2),
        (["--baseline", "x", good, bad], "--baseline: expected one of", 2),
        (["--test", "x", "--reference", reference, good, bad], "expected one of them", 2),
    ):
        assert main(["compare", *arguments]) == code
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1


def test_runs(tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other"
    shutil.copytree(tiny_run, other)
    resolved = (other / "resolved.yaml").read_text()
    (other / "resolved.yaml").write_text(resolved.replace("learning_rate: 0.002", "learning_rate: 0.003"))
    assert main(["compare", str(tiny_run), str(other)]) == 0
    shown = capsys.readouterr().out
    assert "attention learning_rate=0.003" in shown
    assert "this run only" in shown
    assert main(["compare", str(tiny_run), str(tmp_path)]) == 1
    assert "is not a run directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("result.json", {"search": 5}),
        ("result.json", {"search": {}}),
        ("result.json", {"tests": {}}),
        ("result.json", {"tests": {"test": {"seconds": "x"}}}),
        ("metrics.jsonl", {**VALIDATION, "dev_bleu": float("nan")}),
        ("metrics.jsonl", {**VALIDATION, "update": -3}),
        ("metrics.jsonl", {"kind": "validation", "update": 20}),
    ],
)
def test_a_run_with_results_that_no_training_has_written(
    tiny_run: Path, tmp_path: Path, name: str, change: dict[str, Any]
) -> None:
    run = Run(tmp_path / "run")
    shutil.copytree(tiny_run, run.path)
    before = run.read_json(name) if name == "result.json" else {}
    (run.path / name).write_text(json.dumps({**before, **change}) + "\n")
    with pytest.raises(RunError, match="damaged"):
        Outcome.of_run(run)
