"""Numbers of a report: right, and the same whatever the order in which cells finished."""

from __future__ import annotations

import csv
import dataclasses
import json
from statistics import mean
from typing import Any

import pytest
from made_up import made_up

from mtlite.ablation.header import Header
from mtlite.comparison.outcome import Outcome
from mtlite.comparison.results import ComparisonResults, compare_systems
from mtlite.evaluation.scores import bleu
from mtlite.report.gather import gather
from mtlite.report.numbers import as_csv, as_json, as_lines, cell_rows


def results_of(header: Header, outcomes: dict[str, Outcome]) -> ComparisonResults:
    systems, groups = gather(header, outcomes)
    return compare_systems(systems, header, groups, {})


def test_rows_hold_corpus_scores() -> None:
    header, outcomes = made_up(beam=4)
    rows = cell_rows(results_of(header, outcomes), header)
    assert [(row["cell"], row["test"]) for row in rows[:3]] == [
        ("attention-seed-1", "test"), ("attention-seed-1", "test-new"), ("attention-seed-2", "test"),
    ]  # fmt: skip
    for row in rows:
        references = header.references(row["test"])
        for search in ("greedy", "beam"):
            hypotheses = outcomes[row["cell"]].outputs[search][row["test"]].hypotheses
            assert row[f"{search}_bleu"] == pytest.approx(bleu(hypotheses, references, "de"), abs=1e-4)
            equal = mean(ours == theirs for ours, theirs in zip(hypotheses, references, strict=True))
            assert row[f"{search}_exact_matches"] == pytest.approx(equal, abs=1e-4)


def test_order_of_finishing_and_times_do_not_matter() -> None:
    header, outcomes = made_up()
    turned = {name: dataclasses.replace(outcome, training_seconds=77.0) for name, outcome in reversed(outcomes.items())}
    first, second = results_of(header, outcomes), results_of(header, turned)

    def untimed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{name: value for name, value in row.items() if not name.startswith("time_")} for row in rows]

    rows = cell_rows(first, header), cell_rows(second, header)
    assert rows[0] != rows[1]
    assert as_csv(untimed(rows[0])) == as_csv(untimed(rows[1]))
    values = [json.loads(as_json(each, header)) for each in (first, second)]
    for each in values:
        each["cells"] = untimed(each["cells"])
    assert values[0] == values[1]


def test_csv_and_lines_of_json_are_one_table() -> None:
    header, outcomes = made_up(topologies=["peek"], grid={"model.units": [4, 8]})
    rows = list(csv.DictReader(as_csv(cell_rows(results_of(header, outcomes), header)).decode().splitlines()))
    assert len(rows) == 2 * 2 * 2
    assert {row["model.units"] for row in rows} == {"4", "8"}
    lines = as_lines(cell_rows(results_of(header, outcomes), header)).decode().splitlines()
    assert [{name: str(value) for name, value in json.loads(line).items()} for line in lines] == rows


def test_a_beam_that_a_topology_cannot_have_has_no_numbers() -> None:
    header, outcomes = made_up(topologies=["peek", "last-n"], beam=4)
    rows = cell_rows(results_of(header, outcomes), header)
    assert len({tuple(row) for row in rows}) == 1
    for row in rows:
        beam = [value for name, value in row.items() if "beam" in name]
        assert len(beam) == 6
        assert [value is None for value in beam] == [row["topology"] == "last-n"] * 6
        assert row["greedy_bleu"] > 0
