"""Parts of a report say what was found, and nothing where there is nothing to say."""

from __future__ import annotations

import dataclasses

from made_up import made_up

from mtlite.ablation.header import Header
from mtlite.comparison.outcome import Outcome
from mtlite.comparison.results import ComparisonResults, compare_systems
from mtlite.report.document import Block, Picture, to_markdown
from mtlite.report.gather import gather
from mtlite.report.sections import attention_maps, learning


def results_of(header: Header, outcomes: dict[str, Outcome]) -> ComparisonResults:
    systems, groups = gather(header, outcomes)
    return compare_systems(systems, header, groups, {})


def said(blocks: list[Block]) -> str:
    return to_markdown([block for block in blocks if not isinstance(block, Picture)])


def test_curves_say_nothing_about_convergence() -> None:
    """Under a rate that falls every curve flattens, whatever more updates would bring."""
    header, outcomes = made_up(seeds=[1])
    late = [(update, 1.0, update / 10) for update in range(10, 101, 10)]
    outcomes["peek-seed-1"] = dataclasses.replace(outcomes["peek-seed-1"], curve=late)
    assert "converge" not in said(learning(results_of(header, outcomes)))


def test_without_attention_there_are_no_maps() -> None:
    assert attention_maps(results_of(*made_up(topologies=["peek", "ctc"]))) == []
    assert len(attention_maps(results_of(*made_up()))) == 3
