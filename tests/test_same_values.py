"""The comparison of two checkouts finds every changed number, and no other change."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import save_file
from same_values import arrays, differences, figures, records, reported, scores


@pytest.fixture
def run(tmp_path):
    for name in ("best.safetensors", "last.safetensors"):
        save_file({"weights/head/bias": np.array([1, 2], np.float32)}, tmp_path / name)
    lines = [{"kind": "training", "loss": 2.5, "seconds": 1.0}, {"kind": "validation", "dev_bleu": 3.5, "best": True}]
    (tmp_path / "training-log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "result.json").write_text(json.dumps({"tests": {"test": {"bleu": {"score": 7.5}, "seconds": 3}}}))
    (tmp_path / "hypotheses.txt").write_text("eins\nzwei\n")
    return tmp_path


@pytest.fixture
def report(tmp_path):
    (tmp_path / "results.csv").write_text("cell,bleu\na,1.5\n")
    results = {"cells": [{"updates": 4, "name": "a"}], "families": [{"verdict": "shown", "p": 0.5}], "recipe": {"x": 1}}
    (tmp_path / "results.json").write_text(json.dumps(results))
    (tmp_path / "report.md").write_text("Words 1\n\n| system | BLEU |\n| --- | --: |\n| a | 1.50 ± 0.25 |\n")
    return tmp_path


def test_one_bit_of_an_array(run):
    before = arrays(run)
    save_file(
        {"weights/head/bias": np.array([1, np.nextafter(np.float32(2), 3)], np.float32)}, run / "best.safetensors"
    )
    assert differences("village", before, arrays(run)) == [
        "village: best.safetensors: weights/head/bias: other bytes before, other bytes now"
    ]


def test_scores_and_translations_but_no_times(run):
    before = scores(run)
    assert len(before) == 6
    (run / "result.json").write_text(json.dumps({"tests": {"test": {"bleu": {"score": 7.25}, "seconds": 9}}}))
    (run / "hypotheses.txt").write_text("eins\ndrei\n")
    assert differences("village", before, scores(run)) == [
        "village: result, test, bleu, score: 7.5 before, 7.25 now",
        "village: hypotheses.txt, line 2: 'zwei' before, 'drei' now",
    ]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("results.csv", "1.5", "1.50"),
        ("results.json", '"updates": 4', '"updates": 5'),
        ("results.json", "shown", "not shown"),
        ("report.md", "0.25", "0.24"),
    ],
)
def test_a_figure_of_a_report(report, file, old, new):
    before, text = reported(report, text=True), (report / file).read_text()
    (report / file).write_text(text.replace(old, new))
    assert len(differences("village", before, reported(report, text=True))) == 1


def test_words_of_a_report_are_free(report):
    before, text = reported(report, text=True), (report / "report.md").read_text()
    (report / "report.md").write_text(text.replace("Words 1", "Text").replace("system", "model"))
    assert differences("village", before, reported(report, text=True)) == []


def test_a_figure_that_is_there_in_one_only():
    assert differences("a", dict(figures({"b": 1}, "x")), {}) == ["a: x, b: 1 before, nothing now"]


def test_records_are_found_by_name_whatever_their_ending(tmp_path):
    folder = tmp_path / "scripts" / "recipes" / "tasks"
    folder.mkdir(parents=True)
    for name in ("copy.jsonl.gz", "copy.yaml", "README.md"):
        (folder / name).touch()
    assert records(tmp_path) == {"tasks/copy": folder / "copy.jsonl.gz"}
