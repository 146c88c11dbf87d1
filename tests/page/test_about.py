"""`page/about.py`: what a page says of a run."""

from __future__ import annotations

import json

import pytest

from mtlite.page.about import Said, about
from mtlite.page.measure import Measured
from mtlite.storage.run_directory import Run
from mtlite.translation.result import read_result


@pytest.fixture(scope="module")
def run(tiny_run):
    return Run.open(tiny_run)


def tables(said):
    return {table["caption"].split(",")[0].split(" on ")[0]: table["rows"] for table in said["tables"]}


def test_scores_have_their_signatures(run):
    found, scores = tables(about(run, "int8", None, Said())), read_result(run).tests["test"]
    row = dict(zip(*found["Scores"], strict=True))
    assert row["BLEU"].startswith(f"{scores.bleu.score:.1f}")
    assert row["sentences"] == "8"
    signatures = dict(found["Signatures of the scores"])
    assert signatures["test, TER"] == scores.by_metric["ter"].signature
    facts = dict(found["The model"])
    assert facts["weights"] == f"{run.facts.parameters:,}, as int8"
    assert dict(found["Configuration"])["model.topology"] == facts["topology"] == "attention"
    assert dict(found["Fingerprints of the data"])["training pairs"] == run.facts.training_fingerprint


def test_nothing_says_where_the_run_or_its_data_lie(run):
    said = json.dumps(about(run, "float32", None, Said()))
    assert str(run.path.parent) not in said
    assert str(run.config.data.train[0].source) not in said


def test_licence_and_description_are_plain_text(run):
    said = about(run, "bfloat16", None, Said("CC0 \x1b[31m", "One\ntwo <b>"))
    assert said["paragraphs"] == ["One\ntwo <b>", "Licence: CC0 \\x1b[31m"]
    assert about(run, "bfloat16", None, Said())["paragraphs"] == []


def test_a_measured_loss_is_stated(run):
    measured = Measured("test", "beam 5", {"float32": 30.0, "bfloat16": 29.96, "int8": 28.5})
    rows = tables(about(run, "bfloat16", measured, Said()))["Rounded weights"]
    assert rows[1:] == [
        ["float32", "30.00", "+0.00"],
        ["bfloat16 (this page)", "29.96", "−0.04"],
        ["int8", "28.50", "−1.50"],
    ]
