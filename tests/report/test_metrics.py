"""What other metrics say beside the first one: chosen, ordered, and named where they disagree."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from made_up import SENTENCES, made_up, references

from mtlite.ablation.header import Header
from mtlite.comparison.outcome import Outcome
from mtlite.comparison.results import ComparisonFamily, make_family
from mtlite.comparison.systems import System, TrainedSystem
from mtlite.errors import DataError, UsageError
from mtlite.evaluation.significance import holm
from mtlite.evaluation.statistics import sentence_statistics
from mtlite.report.document import Paragraph, Table
from mtlite.report.metrics import by_other_metrics, disagreements, named, opposed
from mtlite.report.report import report
from mtlite.report.tables import main_table, verdict_table


def asked(metrics: list[str]) -> tuple[Header, dict[str, Outcome]]:
    header, outcomes = made_up(topologies=["attention", "peek", "ctc"], seeds=[1, 2, 3])
    return dataclasses.replace(header, recipe={**header.recipe, "evaluation": {"metrics": metrics}}), outcomes


def family_of(header: Header, outcomes: dict[str, Outcome], folder: Path) -> ComparisonFamily:
    return report(header, outcomes, {}, folder).families[0]


def test_the_recipe_chooses_and_orders(tmp_path: Path) -> None:
    family = family_of(*asked(["per", "exact-match", "bleu"]), tmp_path)
    assert family.metrics == ["per", "exact-match", "bleu"]
    assert family.comparison is not None
    assert [list(pair.differences) for pair in family.comparison.primary] == [family.metrics] * 2
    table = main_table(family, ["greedy"])
    assert table.columns[:3] == ["system", "PER ± SD", "Δ to attention"]  # no brevity penalty
    assert table.columns[-1] == "exact match"
    assert [row[0] for row in table.rows] == ["attention", "peek", "ctc"]  # lower is better
    assert verdict_table(family).columns == ["system", "PER", "exact match", "Δ PER", "verdict"]
    said = (tmp_path / "report.md").read_text()
    for word in ("Shown to be worse than attention on test (PER)", "signature of per"):
        assert word in said
    assert "word error rate of grapheme-to-phoneme papers" in said
    assert "greedy_per" in (tmp_path / "results.csv").read_text().splitlines()[0]


def test_each_metric_has_intervals_and_verdicts_of_a_family_of_its_own(tmp_path: Path) -> None:
    family = family_of(*asked(["bleu", "chrf2", "cer"]), tmp_path)
    blocks = by_other_metrics(family)
    table = blocks[0]
    assert isinstance(table, Table)
    assert [row[:2] for row in table.rows] == [
        [metric, system] for metric in ("chrF2", "CER") for system in ("attention", "peek", "ctc")
    ]
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert family.comparison is not None
    for metric in family.metrics:
        found = [pair.differences[metric] for pair in family.comparison.primary]
        assert all(each.interval and each.adjusted_p is not None and each.smallest_shown for each in found)
    alone = family_of(*asked(["bleu"]), tmp_path)
    assert by_other_metrics(alone) == []
    assert alone.comparison is not None
    for pair, other in zip(family.comparison.primary, alone.comparison.primary, strict=True):
        assert pair.difference == other.difference  # other metrics change no verdict


def without_ter(outcome: Outcome) -> Outcome:
    """As it is when a run is judged by whole sentences."""
    few = {}
    for test, output in outcome.outputs["greedy"].items():
        statistics = sentence_statistics(output.hypotheses, references(test), "de", ["exact-match"])
        assert "ter" not in statistics.counts
        few[test] = dataclasses.replace(output, statistics=statistics)
    return dataclasses.replace(outcome, outputs={"greedy": few})


def test_a_metric_that_was_not_counted_is_counted_for_the_report(tmp_path: Path) -> None:
    """TER of runs that were judged by whole sentences: the same numbers as if it had been asked for at once."""
    header, outcomes = asked(["ter", "exact-match"])
    at_once = family_of(header, outcomes, tmp_path / "at-once")
    uncounted = {name: without_ter(outcome) for name, outcome in outcomes.items()}
    later = family_of(header, uncounted, tmp_path / "later")
    assert at_once.comparison is not None
    assert later.comparison == at_once.comparison
    exact = dataclasses.replace(header, recipe={**header.recipe, "evaluation": {"metrics": ["exact-match"]}})
    family_of(exact, uncounted, tmp_path / "exact")
    rows = [line.split(",") for line in (tmp_path / "exact" / "results.csv").read_text().splitlines()]
    assert {row[rows[0].index("greedy_ter")] for row in rows[1:]} == {""}


def one_of_each(first: list[str], second: list[str]) -> list[TrainedSystem]:
    """Two systems with three equal seeds each, on the made-up test set."""
    _, outcomes = made_up(seeds=[1, 2, 3])
    systems = []
    for name, lines in (("attention", first), ("peek", second)):
        statistics = sentence_statistics(lines, references("test"), "de", ["exact-match"])
        runs = {}
        for seed in (1, 2, 3):
            whole = outcomes[f"{name}-seed-{seed}"]
            output = dataclasses.replace(whole.outputs["greedy"]["test"], hypotheses=lines, statistics=statistics)
            runs[seed] = dataclasses.replace(whole, outputs={"greedy": {"test": output}})
        systems.append(TrainedSystem(System(name), runs))
    return systems


def test_where_metrics_disagree_it_is_said() -> None:
    """One system has half of the sentences right and nothing else, the other almost all of every sentence."""
    lines = references("test")
    half = [line if at % 2 else "x" for at, line in enumerate(lines)]
    nearly = [f"{line} x" for line in lines]
    family = make_family("", "test", "attention", one_of_each(half, nearly), ["bleu", "exact-match"])
    blocks = by_other_metrics(family)
    assert isinstance(blocks[1], Paragraph)
    assert blocks[1].text.startswith("The metrics disagree about peek against attention: better by BLEU (+")
    assert "worse by exact match (−50.00, shown)" in blocks[1].text
    assert family.comparison is not None
    assert opposed(family.comparison.exploratory).endswith(
        "peek is better than attention by BLEU, worse by exact match."
    )
    same = make_family("", "test", "attention", one_of_each(half, half), ["bleu", "exact-match"])
    assert same.comparison is not None
    assert disagreements(same.comparison.primary) == []
    assert opposed(same.comparison.exploratory) == ""
    (agreed,) = by_other_metrics(same)[1:]
    assert isinstance(agreed, Paragraph)
    assert "BLEU and exact match agree" in agreed.text


def test_names() -> None:
    assert named(["bleu", "chrf2", "comet"]) == "BLEU, chrF2 and comet"
    assert named(["wer"]) == "WER"


def test_scores_from_elsewhere_have_a_file_for_each_output(tmp_path: Path) -> None:
    header, outcomes = asked(["bleu"])
    report(header, outcomes, {}, tmp_path / "before")
    files = sorted((tmp_path / "before" / "hypotheses").iterdir())
    assert len(files) == 18
    assert files[0].name == "attention-seed-1.test-new.txt"
    assert files[0].read_text().splitlines() == outcomes["attention-seed-1"].outputs["greedy"]["test-new"].hypotheses
    scores = tmp_path / "scores"
    scores.mkdir()
    for file in files:
        mistakes = ["attention", "ctc", "peek"].index(file.name.split("-")[0])
        (scores / file.name).write_text(
            "".join(f"{0.9 - 0.1 * mistakes + 0.01 * (at % 2)}\n" for at in range(SENTENCES))
        )
    families = report(header, outcomes, {}, tmp_path / "after", {"comet": scores}).families
    family = families[0]
    assert family.metrics == ["bleu", "comet"]
    assert family.comparison is not None
    assert {pair.second: pair.differences["comet"].effect for pair in family.comparison.primary} == {
        "peek": pytest.approx(-0.2),
        "ctc": pytest.approx(-0.1),
    }
    pairs = [pair for each in families if each.comparison for pair in each.comparison.primary]
    found = [pair.differences["comet"] for pair in pairs]
    assert [each.adjusted_p for each in found] == holm([each.p for each in found if each.p is not None])
    assert "comet" in (tmp_path / "after" / "report.md").read_text()
    files_of_scores = sorted(scores.iterdir())
    files_of_scores[0].write_text("0.5\n")
    with pytest.raises(DataError, match="expected a score for each of 40 sentences, received 1"):
        report(header, outcomes, {}, tmp_path / "after", {"comet": scores})
    files_of_scores[0].unlink()
    with pytest.raises(UsageError, match=r"--scores: .*attention-seed-1\.test-new\.txt not found"):
        report(header, outcomes, {}, tmp_path / "after", {"comet": scores})
    with pytest.raises(UsageError, match="--scores bleu"):
        report(header, outcomes, {}, tmp_path / "after", {"bleu": scores})
