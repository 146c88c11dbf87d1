"""Tables: the numbers of the systems in words."""

from __future__ import annotations

import pytest
from made_up import made_up

from mtlite.comparison.results import ComparisonFamily, compare_systems
from mtlite.report.gather import gather
from mtlite.report.tables import cost_table, likelihood_table, main_table, method, pairs_table, spread


@pytest.fixture(scope="module")
def family() -> ComparisonFamily:
    header, outcomes = made_up(topologies=["attention", "peek", "ctc"], beam=4)
    systems, groups = gather(header, outcomes)
    return compare_systems(systems, header, groups, {}).families[0]


def test_spread() -> None:
    assert spread([1.0]) == "1.00"
    assert spread([1.0, 3.0]) == "2.00 ± 1.41"


def test_a_row_for_each_system_the_baseline_first(family: ComparisonFamily) -> None:
    table = main_table(family, ["greedy", "beam"])
    assert [row[0] for row in table.rows] == ["attention", "peek", "ctc"]
    assert table.rows[0][2:7] == ["baseline", "", "", "", ""]
    assert table.rows[1][2].startswith("-")
    assert table.columns[-1] == "BLEU, beam"
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_costs(family: ComparisonFamily) -> None:
    table = cost_table(family)
    assert table.rows[0][:3] == ["attention", "1,693", "123.5"]
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_all_pairs(family: ComparisonFamily) -> None:
    assert family.comparison is not None
    table = pairs_table(family.comparison.exploratory, "All pairs")
    assert [tuple(row[:2]) for row in table.rows] == [("attention", "peek"), ("attention", "ctc"), ("peek", "ctc")]
    assert all(row[-1] == "1, 2" for row in table.rows)
    assert f"{family.comparison.shuffles:,} shuffles" in method(family.comparison)


def test_likelihood() -> None:
    header, outcomes = made_up(mistakes={"attention": 0.1, "peek": 0.2})
    systems, groups = gather(header, outcomes)
    table = likelihood_table(compare_systems(systems, header, groups, {}).likelihood)
    assert table.rows[1][:3] == ["peek", "75.0%", "0.30 ± 0.14"]
