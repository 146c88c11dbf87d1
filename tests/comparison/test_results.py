"""Numbers of a report: right, and the same whatever the order in which cells finished."""

from __future__ import annotations

import csv
import json
from statistics import mean
from typing import Any

import pytest

from mtlite.comparison.outcome import Outcome
from mtlite.comparison.packing import unpack_json
from mtlite.comparison.results import Results, as_csv, as_json, as_lines, cell_rows, make_results
from mtlite.evaluation.scores import bleu
from mtlite.report.gather import gather


def results_of(header: dict[str, Any], outcomes: dict[str, Outcome]) -> Results:
    return make_results(*gather(header, outcomes)[:1], header, gather(header, outcomes)[1], {})


def test_rows_hold_corpus_scores(made_up: Any) -> None:
    header, outcomes = made_up(beam=4)
    rows = cell_rows(results_of(header, outcomes), header)
    assert [(row["cell"], row["test"]) for row in rows[:3]] == [
        ("attention-seed-1", "test"), ("attention-seed-1", "test-new"), ("attention-seed-2", "test"),
    ]  # fmt: skip
    for row in rows:
        references = unpack_json(header["sides"][f"{row['test']}.target"])
        for search in ("greedy", "beam"):
            hypotheses = outcomes[row["cell"]].outputs[search][row["test"]].hypotheses
            assert row[f"{search}_bleu"] == pytest.approx(bleu(hypotheses, references, "de"), abs=1e-4)
            equal = mean(ours == theirs for ours, theirs in zip(hypotheses, references, strict=True))
            assert row[f"{search}_exact_matches"] == pytest.approx(equal, abs=1e-4)


def test_order_of_finishing_and_times_do_not_matter(made_up: Any) -> None:
    header, outcomes = made_up()
    turned = {
        name: Outcome({**outcome.values, "training_seconds": 77.0}) for name, outcome in reversed(outcomes.items())
    }
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


def test_csv_and_lines_of_json_are_one_table(made_up: Any) -> None:
    header, outcomes = made_up(topologies=["peek"], grid={"model.units": [4, 8]})
    rows = list(csv.DictReader(as_csv(cell_rows(results_of(header, outcomes), header)).decode().splitlines()))
    assert len(rows) == 2 * 2 * 2
    assert {row["model.units"] for row in rows} == {"4", "8"}
    lines = as_lines(cell_rows(results_of(header, outcomes), header)).decode().splitlines()
    assert [{name: str(value) for name, value in json.loads(line).items()} for line in lines] == rows


def test_baseline_against_the_others_is_the_primary_family(made_up: Any) -> None:
    header, outcomes = made_up(topologies=["ctc", "attention", "peek"], baseline="attention")
    family = results_of(header, outcomes).families[0]
    assert family.comparison is not None
    assert (family.test, family.baseline) == ("test", "attention")
    assert [(pair.first, pair.second) for pair in family.comparison.primary] == [
        ("attention", "ctc"), ("attention", "peek"),
    ]  # fmt: skip
    assert len(family.comparison.exploratory) == 3
    effect = family.comparison.primary[0].differences["bleu"].effect
    means = [mean(system.scores("greedy", "test", "bleu")) for system in family.systems]
    assert effect == pytest.approx(means[1] - means[0])


def test_points_of_a_grid_are_compared_within_themselves_or_with_each_other(made_up: Any) -> None:
    grid = {"model.units": [4, 8]}
    header, outcomes = made_up(grid=grid)
    families = results_of(header, outcomes).families
    assert [(each.test, each.title, each.baseline) for each in families[:2]] == [
        ("test", "units=4", "attention units=4"), ("test", "units=8", "attention units=8"),
    ]  # fmt: skip
    header, outcomes = made_up(topologies=["peek"], grid=grid)
    family = results_of(header, outcomes).families[0]
    assert (family.title, [system.name for system in family.systems]) == ("", ["peek units=4", "peek units=8"])


def test_cells_that_are_missing_are_left_out_and_marked(made_up: Any) -> None:
    header, outcomes = made_up(topologies=["attention", "peek", "ctc"])
    del outcomes["peek-seed-2"], outcomes["ctc-seed-1"], outcomes["ctc-seed-2"]
    results = results_of(header, outcomes)
    assert [system.name for system in results.systems] == ["attention", "peek"]
    assert "seed 2 missing" in results.systems[1].marks
    comparison = results.families[0].comparison
    assert comparison is not None
    assert comparison.primary[0].seeds == [1]
    assert comparison.primary[0].verdict == "this run only"


def test_marks(made_up: Any) -> None:
    header, outcomes = made_up(topologies=["attention", "padded", "many-to-one"], seeds=[1])
    values = outcomes["padded-seed-1"].values
    late = [[update, 1.0, update / 10] for update in range(10, 101, 10)]
    outcomes["padded-seed-1"] = Outcome({**values, "curve": late})
    marks = {system.name: system.marks for system in gather(header, outcomes)[0]}
    assert marks["attention"] == []
    assert marks["padded"] == ["not converged (seed 1)", "reads in one direction"]
    assert marks["many-to-one"] == ["reads in one direction", "encoder and decoder share their weights"]
    values["facts"]["unreachable"] = 0.0213
    assert "no position for 2.1% of the dev pieces" in gather(header, outcomes)[0][1].marks
    values["facts"]["unreachable"] = 0.00006
    assert "no position for less than 0.1% of the dev pieces" in gather(header, outcomes)[0][1].marks
    header["ablation"] = {**header["ablation"], "match": "parameters"}
    marks = {system.name: system.marks for system in gather(header, outcomes)[0]}
    assert any(mark.startswith("unmatched: 0.86") for mark in marks["padded"])


def test_ctc_is_marked_where_the_others_smooth_their_labels(made_up: Any) -> None:
    header, outcomes = made_up(topologies=["attention", "ctc"], seeds=[1])
    for smoothing, marks in ((0.1, ["trained without label smoothing"]), (0.0, [])):
        outcomes["ctc-seed-1"].config["training.label_smoothing"] = smoothing
        assert gather(header, outcomes)[0][1].marks == marks


def test_the_loss_is_over_what_all_can_write(made_up: Any) -> None:
    header, outcomes = made_up(mistakes={"attention": 0.1, "peek": 0.2})
    results = results_of(header, outcomes)
    compared = results.likelihood["test"]
    assert compared.sentences == 30
    assert compared.writable == {"attention": 35 / 40, "peek": 30 / 40}
    assert compared.nll_per_piece["peek"] == {1: pytest.approx(0.2), 2: pytest.approx(0.4)}
    row = cell_rows(results, header)[-1]
    assert (row["system"], row["can_write"], row["nll_per_piece"]) == ("peek", 0.75, 0.4)
    # An older record does not say how probable the references are: nothing is compared then.
    cell, outcome = next(iter(outcomes.items()))
    older = {**outcomes, cell: Outcome({key: value for key, value in outcome.values.items() if key != "likelihood"})}
    assert results_of(header, older).likelihood == {}
