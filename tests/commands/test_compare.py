"""`mtlite compare`: which differences between finished runs, or between files, are more than chance."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from rich.console import Console
from samples import number_pairs, write_pairs

from mtlite.cli import main
from mtlite.storage.run_directory import Run
from mtlite.training.train import train


@pytest.fixture(scope="module")
def runs(tiny_config, tmp_path_factory):
    """Two topologies with two seeds each."""
    folder = tmp_path_factory.mktemp("compared")
    paths = {}
    for topology in ("encoder-decoder", "one-to-one"):
        for seed in (1, 2):
            paths[topology, seed] = str(folder / f"{topology}-{seed}")
            model, search = {"topology": topology, "bidirectional": None}, {"beam_size": 3}
            config = tiny_config(model=model, search=search, seed=seed)
            train(config, folder / f"{topology}-{seed}", console=Console(file=io.StringIO()))
    return paths


def test_seeds_of_one_system_are_one_row(runs, capsys):
    assert main(["compare", *runs.values(), "--baseline", runs["one-to-one", 1]]) == 0
    shown = capsys.readouterr().out
    table = shown.split("\n\n")[0].splitlines()
    assert [line.split()[0] for line in table[1:3]] == ["one-to-one", "encoder-decoder"]
    assert re.search(r"one-to-one.* \d+\.\d\d ± \d", table[1])
    assert "too few seeds" in table[2]


def test_one_seed_has_no_verdict(runs, capsys):
    assert main(["compare", runs["encoder-decoder", 1], runs["one-to-one", 1]]) == 0
    assert "too few seeds" in capsys.readouterr().out


def test_only_seeds_of_one_system(runs, capsys):
    assert main(["compare", runs["encoder-decoder", 1], runs["encoder-decoder", 2]]) == 2
    assert "one system" in capsys.readouterr().err


def test_another_test_set_is_refused(runs, tmp_path, capsys):
    other = tmp_path / "other"
    shutil.copytree(runs["one-to-one", 1], other)
    facts = json.loads((other / "run.json").read_text())
    facts["sides"]["test.target"] = "0" * 64
    (other / "run.json").write_text(json.dumps(facts))
    assert main(["compare", runs["encoder-decoder", 1], str(other)]) == 1
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert "test.target" in error or "references" in error


def test_another_budget_is_marked(runs, tiny_config, tmp_path, capsys):
    config = tiny_config(training={"max_updates": 4, "validate_every": 4})
    train(config, tmp_path / "short", console=Console(file=io.StringIO()))
    assert main(["compare", runs["one-to-one", 1], str(tmp_path / "short")]) == 0
    assert "other budget: 4 and 8 updates" in capsys.readouterr().out


@pytest.mark.parametrize("missing", [["result.json"], ["result.json", "best.safetensors"], ["run.json"]])
def test_a_run_in_training_is_named_with_who_trains_it(runs, missing, tmp_path, capsys):
    training = tmp_path / "training"
    shutil.copytree(runs["one-to-one", 1], training)
    for name in missing:
        (training / name).unlink()
    (tmp_path / "in.txt").write_text("one\n")
    commands = {
        "compare": ["compare", runs["encoder-decoder", 1], str(training)],
        "evaluate": ["evaluate", str(training)],
        "translate": ["translate", str(training), "--input", str(tmp_path / "in.txt"), "--engine", "tensorflow"],
    }
    if missing == ["result.json"]:  # it has weights: they are used
        del commands["evaluate"]
    with Run(training).locked():
        for name, command in commands.items():
            works = name == "translate" and missing == ["result.json"]
            assert main(command) == (0 if works else 1)
            (line,) = capsys.readouterr().err.splitlines()
            assert f"is in training, by process {os.getpid()} on " in line


def test_files_of_translations(tmp_path, capsys):
    pairs = number_pairs(40, seed=5)
    reference = write_pairs(tmp_path, "right", pairs)["target"]
    worse = write_pairs(tmp_path, "worse", [(source, target.replace("eins", "zwei")) for source, target in pairs])
    arguments = ["compare", reference, worse["target"], "--reference", reference, "--language", "de"]
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert "100.00" in shown
    assert "p (sentences)" in shown
    assert "no verdict" in shown


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["a"], "at least two"),
        (["a", "a"], "twice"),
        (["a", "b", "--baseline", "c"], "--baseline"),
        (["a", "b", "--language", "de"], "--reference"),
        (["a", "b", "--reference", "r", "--language", "klingon"], "a code such as de, deu or pt-BR"),
        (["a", "b", "--reference", "r", "--test", "t"], "expected one of them"),
        (["a", "b", "--reference", "r"], "r not found"),
    ],
)
def test_a_wrong_request_is_one_line(arguments, expected, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["compare", *arguments]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert len(error.splitlines()) == 1


def test_what_writes_in_one_pass_reports_no_beam(runs, capsys):
    path = Path(runs["one-to-one", 1])
    assert json.loads((path / "result.json").read_text())["search"]["beam_size"] == 1
    assert "beam_size: 1\n" in (path / "resolved.yaml").read_text()
    assert main(["evaluate", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "8 sentences, one pass, " in shown
    assert "beam" not in shown
    assert main(["compare", runs["encoder-decoder", 1], str(path)]) == 0
    shown = capsys.readouterr().out
    assert "BLEU on test, beam 3 or one pass." in shown
    assert "other search" not in shown
    assert main(["evaluate", str(path), "--beam", "3"]) == 2
    assert "--beam: topology 'one-to-one' writes in one pass" in capsys.readouterr().err
    assert main(["evaluate", str(path), "--beam", "1"]) == 0


def test_metrics_references_and_scores_of_files(tmp_path, capsys):
    pairs = number_pairs(40, seed=5)
    reference = write_pairs(tmp_path, "right", pairs)["target"]
    changed = [(source, target.replace("eins", "zwei")) for source, target in pairs]
    worse = write_pairs(tmp_path, "worse", changed)["target"]
    scores = []
    for name, score in (("first", 0.9), ("second", 0.4)):
        (tmp_path / name).write_text("".join(f"{score + 0.01 * (at % 3)}\n" for at in range(40)))
        scores += ["--scores", f"comet={tmp_path / name}"]
    arguments = ["compare", reference, worse, "--language", "de", "--metrics", "wer,exact-match"]
    assert main([*arguments, "--reference", reference, *scores]) == 0
    shown = capsys.readouterr().out
    rows = [line.split()[0] for line in shown.split("\n\n")[2].splitlines()]
    assert rows == ["metric", "WER", "exact", "comet"]
    assert "−0.50" in shown
    assert "nrefs:1|" in shown
    assert main([*arguments, "--reference", reference, "--reference", worse]) == 0
    shown = capsys.readouterr().out
    assert "nrefs:2|" in shown
    assert shown.split("\n\n")[0].count("100.00") == 2  # each output is one of the two references


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--metrics", "blue"], 2, ["--metrics", "bleu, chrf2", "blue"]),
        (["--metrics", "wer,wer"], 2, ["once", "wer"]),
        (["--metrics", "per,wer"], 2, ["wer or per", "exact-match"]),
        (["--scores", "comet"], 2, ["NAME=PATH", "comet"]),
        (["--scores", "comet=a"], 2, ["--scores comet", "each of the 2", "received 1"]),
        (["--scores", "bleu=a", "--scores", "bleu=a"], 2, ["--scores bleu"]),
        (["--scores", "comet=a", "--scores", "comet=short"], 1, ["short", "each of 2 sentences", "received 1"]),
        (["--scores", "comet=a", "--scores", "comet=none"], 1, ["none: cannot be read"]),
        (["--reference", "short"], 1, ["short has 1 lines", "a has 2"]),
        (["--reference", "none"], 2, ["none not found"]),
    ],
)
def test_wrong_metrics_scores_and_references_are_one_line(arguments, code, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, text in (("a", "1\n2\n"), ("b", "1\n3\n"), ("short", "1\n")):
        (tmp_path / name).write_text(text)
    assert main(["compare", "a", "b", "--reference", "a", *arguments]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert [word for word in said if word not in line] == []


def test_runs_by_other_metrics(runs, tmp_path, capsys):
    paths = [runs["encoder-decoder", 1], runs["one-to-one", 1]]
    for name in ("first", "second"):
        (tmp_path / name).write_text("0.5\n" * 8)
    scores = [text for name in ("first", "second") for text in ("--scores", f"comet={tmp_path / name}")]
    assert main(["compare", *paths, "--metrics", "cer,bleu", *scores]) == 0
    shown = capsys.readouterr().out
    assert shown.split("\n\n")[0].split()[:2] == ["system", "CER"]
    assert "secondary" in shown
    assert re.search(r"comet +encoder-decoder( \S+)? +0\.50 +baseline", shown)
