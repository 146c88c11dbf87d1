"""Tables: the numbers of the systems in words."""

from __future__ import annotations

import dataclasses

import pytest
from made_up import made_up

from mtlite.ablation.header import Header
from mtlite.comparison.results import ComparisonFamily, Group, compare_systems
from mtlite.comparison.systems import TrainedSystem
from mtlite.evaluation.buckets import ScoresByBucket
from mtlite.evaluation.likelihood import ComparedLikelihood
from mtlite.evaluation.scores import DEFAULT_SEED
from mtlite.evaluation.significance import Verdict
from mtlite.evaluation.statistics import RESAMPLES
from mtlite.report.document import to_text
from mtlite.report.gather import gather
from mtlite.report.tables import (
    cost_table,
    differs_table,
    likelihood_table,
    main_table,
    method,
    pairs_table,
    scores_table,
    spread,
    too_long,
    verdict_of,
    verdict_table,
)


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
    assert table.rows[0][4:10] == ["baseline", "", "", "", "", ""]
    assert table.rows[1][4].startswith("−")
    assert table.columns[2:4] == ["length", "BP"]
    assert table.columns[1] == "BLEU ± SD"
    assert table.columns[-1] == "BLEU with beam"
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_costs(family: ComparisonFamily) -> None:
    table = cost_table(family.systems, ["test", "test-new"])
    assert table.columns[-2:] == ["test, sentences/s", "test-new, sentences/s"]
    assert table.rows[0][:3] == ["attention", "1,693", "123.5"]
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_all_pairs(family: ComparisonFamily) -> None:
    assert family.comparison is not None
    table = pairs_table(family.comparison.exploratory, "All pairs")
    assert [tuple(row[:2]) for row in table.rows] == [("attention", "peek"), ("attention", "ctc"), ("peek", "ctc")]
    assert all(row[-1] == "1, 2" for row in table.rows)
    assert "p (Holm) is adjusted for 33 comparisons" in method(33, "bleu")[0]


def test_likelihood() -> None:
    header, outcomes = made_up(mistakes={"attention": 0.1, "peek": 0.2})
    systems, groups = gather(header, outcomes)
    table = likelihood_table(compare_systems(systems, header, groups, {}).likelihood)
    assert table.rows[1][:3] == ["peek", "75.0%", "0.30 ± 0.14"]


def test_a_row_with_too_few_seeds_has_a_difference_and_no_verdict() -> None:
    header, outcomes = made_up(topologies=["attention", "peek", "ctc"], seeds=[1, 2, 3])
    del outcomes["peek-seed-2"]
    systems, groups = gather(header, outcomes)
    table = main_table(compare_systems(systems, header, groups, {}).families[0], ["greedy"])
    rows = {row[0].removesuffix(" *"): dict(zip(table.columns, row, strict=True)) for row in table.rows}
    assert rows["peek"]["verdict at 0.05"] == "too few seeds"
    assert rows["peek"]["p (Holm)"] == rows["peek"]["95% sentences, seeds"] == "–"
    assert rows["ctc"]["verdict at 0.05"] in ("shown", "not shown")
    for name in ("peek", "ctc"):
        system, baseline = (float(rows[each]["BLEU ± SD"].split(" ")[0]) for each in (name, "attention"))
        effect = float(rows[name]["Δ to attention"].replace("−", "-"))
        assert system - baseline == pytest.approx(effect, abs=0.011)


def test_a_small_p_is_not_zero(family: ComparisonFamily) -> None:
    assert family.comparison is not None
    pair = family.comparison.primary[0]
    small = dataclasses.replace(pair.differences["bleu"], p=0.00004)
    pair = dataclasses.replace(pair, differences={**pair.differences, "bleu": small})
    assert pairs_table([pair], "").rows[0][5] == "< 0.0001"


def test_buckets_that_are_left_out_are_named() -> None:
    scores = ScoresByBucket("words", ["<5"], [3], {"a": [1.0]}, {"a": [2.0]})
    assert scores_table(scores, [5, 10], "", "length").caption.endswith("empty: 5 to 9, ≥10.")


def test_what_writes_in_one_pass_has_no_score_with_a_beam() -> None:
    header, outcomes = made_up(topologies=["attention", "one-to-one", "ctc"], beam=4)
    systems, groups = gather(header, outcomes)
    results = compare_systems(systems, header, groups, {})
    assert results.searches == ["greedy", "beam"]
    table = main_table(results.families[0], results.searches)
    beam = {row[0].removesuffix(" *"): row[table.columns.index("BLEU with beam")] for row in table.rows}
    assert beam.pop("one-to-one") == "–"
    assert all(float(cell) > 0 for cell in beam.values())
    without = {name: outcome.with_search_named("greedy") for name, outcome in outcomes.items()}
    for some in (without, {**outcomes, "ctc-seed-1": without["ctc-seed-1"]}):
        assert compare_systems(gather(header, some)[0], header, groups, {}).searches == ["greedy"]


def test_a_comparison_that_could_not_have_shown_a_point_is_marked(family: ComparisonFamily) -> None:
    assert family.comparison is not None
    pair = family.comparison.primary[0]

    def said(verdict: Verdict, smallest: float | None) -> str:
        found = dataclasses.replace(pair.differences["bleu"], verdict=verdict, smallest_shown=smallest)
        return verdict_of(dataclasses.replace(pair, differences={**pair.differences, "bleu": found}), "bleu")

    assert said(Verdict.NOT_SHOWN, 1.2) == "not shown (low power)"
    assert said(Verdict.NOT_SHOWN, 0.9) == "not shown"
    assert said(Verdict.SHOWN, 1.2) == "shown"
    assert said(Verdict.TOO_FEW_SEEDS, None) == "too few seeds"


def test_the_smallest_difference_stands_in_page_and_terminal() -> None:
    header, outcomes = made_up(topologies=["attention", "peek"], seeds=[1, 2, 3])
    systems, groups = gather(header, outcomes)
    (family, _) = compare_systems(systems, header, groups, {}).families
    assert family.comparison is not None
    smallest = family.comparison.primary[0].differences["bleu"].smallest_shown
    assert smallest is not None
    table = main_table(family, ["greedy"])
    assert table.rows[1][table.columns.index("shows from")] == f"{smallest:.1f}"
    assert f"{smallest:.1f}" in verdict_table(family).caption


def test_references_that_are_too_long_for_a_system_are_counted() -> None:
    systems, _, _ = _two_systems()
    shares = {"attention": 1.0, "peek": 0.584}
    compared = ComparedLikelihood(1, shares, {name: {} for name in shares}, dict.fromkeys(shares, 0.0))
    said = too_long("test-long", compared, systems)
    assert "test-long" in said
    assert "58.4% (peek)" in said
    assert "attention" not in said
    assert too_long("test", dataclasses.replace(compared, writable=dict.fromkeys(shares, 1.0)), systems) == ""


def test_the_method_can_be_done_again() -> None:
    numbers, _ = method(33, "bleu")
    for needed in ("33 comparisons", f"{RESAMPLES:,}", f"seed {DEFAULT_SEED}", "BLEU"):
        assert needed in numbers


def test_a_terminal_has_80_columns() -> None:
    grid = {"training.learning_rate": [0.0123456789, 0.0223456789], "training.precision": ["float32", "bfloat16"]}
    header, outcomes = made_up(topologies=["encoder-decoder"], grid=grid, seeds=[1, 2, 3])
    systems, groups = gather(header, outcomes)
    long = verdict_table(compare_systems(systems, header, groups, {}).families[0])
    assert max(map(len, to_text(long).splitlines()[:5])) <= 80
    assert long.columns[1:4] == ["BLEU", "length", "BP"]
    assert "chrF2" not in long.columns
    assert len({row[0] for row in long.rows}) == 4
    short = verdict_table(compare_systems(*_two_systems(), {}).families[0])
    assert "chrF2" in short.columns
    assert max(map(len, to_text(short).splitlines()[:3])) <= 80


def _two_systems() -> tuple[list[TrainedSystem], Header, dict[str, Group]]:
    header, outcomes = made_up(topologies=["attention", "peek"])
    systems, groups = gather(header, outcomes)
    return systems, header, groups


def test_what_differs_has_a_row_for_each_system(family: ComparisonFamily) -> None:
    table = differs_table(family.systems)
    assert [row[0] for row in table.rows] == ["attention", "peek", "ctc"]
    assert table.rows[0][-1] == "baseline"
    assert table.rows[1][1:3] == ["1,308", "0.77"]
