"""The data of the page: every sentence, every output, in the same buckets as in the tables."""

from __future__ import annotations

import dataclasses
import json
from bisect import bisect_right
from typing import Any

import pytest
from made_up import SENTENCES, made_up

from mtlite.ablation.header import Header
from mtlite.comparison.outcome import Outcome
from mtlite.comparison.results import ComparisonResults, compare_systems
from mtlite.report import sentences
from mtlite.report.gather import gather
from mtlite.report.sentences import PROPERTIES, explorer


def made(header: Header, outcomes: dict[str, Outcome]) -> tuple[Any, ComparisonResults, str]:
    """The data of the script, the results, and what is said of the data."""
    systems, groups = gather(header, outcomes)
    results = compare_systems(systems, header, groups, {})
    block = explorer(systems, results, header)
    return json.loads(json.dumps(block.data)), results, block.words


def test_every_output_is_there() -> None:
    header, outcomes = made_up(topologies=["attention", "peek"], seeds=[1, 2])
    data, _, said = made(header, outcomes)
    assert data["systems"] == ["attention", "peek"]
    assert "seeds 1, 2" in said
    assert "Only" not in said
    for test in data["tests"]:
        assert test["references"] == header.references(test["name"])
        assert len(test["sources"]) == SENTENCES
        for at, name in enumerate(data["systems"]):
            for seed in ("1", "2"):
                kept = [
                    some[which][0] for some, which in zip(test["hypotheses"], test["outputs"][at][seed], strict=True)
                ]
                assert kept == outcomes[f"{name}-seed-{seed}"].outputs["greedy"][test["name"]].hypotheses
        assert all(len({text for text, *_ in of_sentence}) == len(of_sentence) for of_sentence in test["hypotheses"])


def test_buckets_hold_as_many_sentences_as_the_tables_say() -> None:
    data, results, _ = made(*made_up(topologies=["attention", "peek"]))
    assert results.breakdown is not None
    test = data["tests"][data["test"]]
    edges = {each.name: each.edges for each in PROPERTIES}
    labels = {each.name: each.labels for each in PROPERTIES}
    for name, table in (
        ("length", results.breakdown.source_length),
        ("word-order", results.breakdown.reordering),
        ("rarest-word", results.breakdown.rarest_word),
    ):
        values = test["values"][name]
        inside = [labels[name][-1 if value is None else bisect_right(edges[name], value)] for value in values]
        assert {bucket: inside.count(bucket) for bucket in set(inside)} == dict(
            zip(table.buckets, table.sentences, strict=True)
        )
    words = [labels["words"][bisect_right(edges["words"], each)] for some in test["values"]["words"] for each in some]
    assert set(words) == set(results.breakdown.words.buckets)
    for name, at, counted in (
        ("length-difference", 2, results.breakdown.length_difference),
        ("sentence-bleu", 1, results.breakdown.sentence_bleu),
    ):
        for system, of_system in enumerate(test["outputs"]):
            outputs = zip(test["hypotheses"], of_system[str(data["seed"])], strict=True)
            buckets = [bisect_right(edges[name], some[which][at]) for some, which in outputs]
            counts = [buckets.count(bucket) for bucket in range(len(labels[name]))]
            assert counts == counted.sentences[data["systems"][system]]


def test_a_seed_that_one_system_lacks() -> None:
    header, outcomes = made_up(topologies=["attention", "peek"], seeds=[1, 2])
    del outcomes["peek-seed-2"]
    data = made(header, outcomes)[0]
    assert data["seeds"] == [1, 2]
    assert [list(each) for each in data["tests"][0]["outputs"]] == [["1", "2"], ["1"]]


def test_controls_are_visible() -> None:
    header, outcomes = made_up(topologies=["attention", "peek"], seeds=[1])
    outcome = outcomes["peek-seed-1"]
    output = outcome.outputs["greedy"]["test"]
    changed = dataclasses.replace(output, hypotheses=["a\u202eb\x1b[31m</script>\u2028", *output.hypotheses[1:]])
    outputs = {"greedy": {**outcome.outputs["greedy"], "test": changed}}
    outcomes["peek-seed-1"] = dataclasses.replace(outcome, outputs=outputs)
    test = made(header, outcomes)[0]["tests"][0]
    assert r"a\u202eb\x1b[31m</script>\u2028" in [text for text, *_ in test["hypotheses"][0]]


def test_a_page_carries_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    header, outcomes = made_up(topologies=["attention", "peek"], seeds=[1, 2])
    letters = sum(map(len, header.sides["test.source"] + header.sides["test-new.source"]))
    monkeypatch.setattr(sentences, "MOST_CHARACTERS", 5 * letters)  # two sides, and two outputs instead of four
    data, _, said = made(header, outcomes)
    assert data["seeds"] == [1]
    assert "seed 1" in said
    assert len(data["tests"][0]["sources"]) == SENTENCES
    monkeypatch.setattr(sentences, "MOST_CHARACTERS", 2 * letters)
    data, _, said = made(header, outcomes)
    assert 0 < len(data["tests"][0]["sources"]) < SENTENCES
    assert len(data["tests"][0]["hypotheses"]) == len(data["tests"][0]["values"]["length"])
    assert "Only the first" in said
