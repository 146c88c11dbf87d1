"""What twice the updates gain is in the report if it was measured, and nothing is said if not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from made_up import made_up, outcome_of

from mtlite.ablation.cells import Cell, doubled_cells_of
from mtlite.evaluation.scores import scores_of
from mtlite.report.document import Table
from mtlite.report.doubling import twice_the_updates
from mtlite.report.report import report
from mtlite.report.tables import signed


def test_a_row_for_each_system_and_test_set(tmp_path: Path) -> None:
    header, outcomes = made_up(seeds=[1, 2], double_seed=2)
    assert twice_the_updates(header, outcomes) == []  # none is finished yet
    once = outcomes["peek-seed-2"]
    cell = Cell(doubled_cells_of(header.ablation)[1].system, 2)
    better = outcome_of(cell, header.ablation, header.tests, 0.02)
    longer = dataclasses.replace(better, curve=[(2 * update, loss, bleu) for update, loss, bleu in better.curve])
    outcomes["peek-seed-2-doubled"] = longer
    _, _, table = twice_the_updates(header, outcomes)
    assert isinstance(table, Table)
    assert [row[:3] for row in table.rows] == [["peek", test, "100 → 200"] for test in header.tests]
    bleu = [
        outcome.with_metrics([], header.references).outputs["greedy"]["test"].statistics for outcome in (once, longer)
    ]
    gain = scores_of(bleu[1]).bleu.score - scores_of(bleu[0]).bleu.score
    assert table.rows[0][4] == signed(gain)
    report(header, outcomes, {}, tmp_path)
    said = (tmp_path / "report.md").read_text()
    assert "## Twice the updates" in said
    assert len((tmp_path / "results.csv").read_text().splitlines()) == 1 + 4 * 2  # the longer trainings are no seeds


def test_without_a_measurement_nothing_is_said(tmp_path: Path) -> None:
    header, outcomes = made_up(seeds=[1])
    report(header, outcomes, {}, tmp_path)
    assert "converge" not in (tmp_path / "report.md").read_text().lower()
    assert "Twice the updates" not in (tmp_path / "report.md").read_text()
