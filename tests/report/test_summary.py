"""The first words of a report: seeds, what differs, verdicts, and a warning where nothing was learned."""

from __future__ import annotations

import dataclasses

from made_up import SENTENCES, made_up, references

from mtlite.ablation.header import Header
from mtlite.comparison.outcome import Outcome, Output
from mtlite.comparison.results import ComparisonResults, compare_systems
from mtlite.evaluation.statistics import sentence_statistics
from mtlite.report.document import to_markdown
from mtlite.report.gather import gather
from mtlite.report.summary import findings, nothing_learned, summary


def results_of(header: Header, outcomes: dict[str, Outcome]) -> ComparisonResults:
    systems, groups = gather(header, outcomes)
    return compare_systems(systems, header, groups, {})


def test_findings() -> None:
    results = results_of(*made_up(mistakes={"attention": 0.1, "peek": 0.6}, seeds=[1, 2, 3]))
    assert findings(results.families[0]).startswith("Shown to be worse than attention on test (BLEU): peek (−")
    turned = results_of(*made_up(mistakes={"attention": 0.6, "peek": 0.1}, seeds=[1, 2, 3]))
    assert findings(turned.families[0]).startswith("Shown to be better than attention on test (BLEU): peek (+")
    single = results_of(*made_up(seeds=[1]))
    assert findings(single.families[0]).startswith("No verdict on test, for there are too few seeds: peek")


def test_what_a_verdict_is_about_is_said_first() -> None:
    header, outcomes = made_up(topologies=["attention", "peek", "ctc"], seeds=[1, 2, 3])
    said = to_markdown(summary(results_of(header, outcomes), header.ablation))
    level = said.index("adjusted for all 4 comparisons, is below 0.05")  # two systems on two test sets
    assert level < said.index("attention on test")
    header, outcomes = made_up(topologies=["attention", "peek"], seeds=[1])
    assert "0.05" not in to_markdown(summary(results_of(header, outcomes), header.ablation))


def test_different_seeds_are_said() -> None:
    header, outcomes = made_up(topologies=["attention", "peek", "ctc"])
    said = to_markdown(summary(results_of(header, outcomes), header.ablation))
    assert "Trained with seeds 1, 2." in said
    del outcomes["peek-seed-2"]
    said = to_markdown(summary(results_of(header, outcomes), header.ablation))
    assert "Trained with seeds 1, 2: attention, ctc; with seed 1: the other 1." in said
    assert "They have 1,231 to 1,693 parameters. The notes say what else differs" in said


def test_where_nothing_was_learned_the_options_to_turn_are_named() -> None:
    header, outcomes = made_up()
    assert nothing_learned(results_of(header, outcomes).families[0]) == ""
    hypotheses = ["x"] * SENTENCES
    outputs = {
        test: Output(hypotheses, sentence_statistics(hypotheses, references(test), "de"), 1.0) for test in header.tests
    }
    results = results_of(
        header,
        {name: dataclasses.replace(outcome, outputs={"greedy": outputs}) for name, outcome in outcomes.items()},
    )
    said = to_markdown(summary(results, header.ablation))
    for named in ("No system has learned", "training.max\\_updates", "training.learning\\_rate", "now 100", "now 0.01"):
        assert named in said
    assert "attention (" not in said
