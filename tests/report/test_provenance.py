"""How a report was made: corpus, options, optimizer, machine and date."""

from __future__ import annotations

import dataclasses

from made_up import made_up

from mtlite.comparison.results import compare_systems
from mtlite.report.document import Block, Table, to_markdown
from mtlite.report.gather import gather
from mtlite.report.provenance import OPTIMIZER, how_it_was_made
from mtlite.training.optimizer import BETA_1, BETA_2, EPSILON
from mtlite.version import __version__


def made(machine: dict[str, str] | None = None, **facts: object) -> list[Block]:
    """The part of a report on made-up outcomes, one of which has other facts."""
    header, outcomes = made_up()
    one = outcomes["peek-seed-1"]
    changed = {**facts, "machine": {**one.facts.machine, **(machine or {})}}
    outcomes["peek-seed-1"] = dataclasses.replace(one, facts=dataclasses.replace(one.facts, **changed))  # type: ignore[arg-type]
    systems, groups = gather(header, outcomes)
    return how_it_was_made(compare_systems(systems, header, groups, {}), header, outcomes)


def values(blocks: list[Block]) -> dict[str, str]:
    return dict(row for block in blocks if isinstance(block, Table) for row in block.rows)


def test_facts() -> None:
    found = values(made({"processor": "Fast 9000"}, date="2026-01-02"))
    assert found["training pairs"] == "100"
    assert found["languages"] == "en to de"
    assert found["test sets"] == "test: 40 pairs, test-new: 40 pairs"
    assert found["processor"] == "Fast 9000 | not recorded (they differ)"
    assert found["trained"] == "2026-01-02"
    assert values(made())["trained"] == "not recorded"


def test_versions_that_trained_and_that_compared_are_told_apart() -> None:
    found = values(made(packages={"mtlite": "0.0.1"}))
    assert "mtlite 0.0.1" in found["trained with"]
    assert found["compared with"].startswith(f"mtlite {__version__}, ")


def test_the_optimizer_is_the_one_that_trains() -> None:
    assert f"Adam with β1 = {BETA_1}, β2 = {BETA_2}, ε = {EPSILON}" == OPTIMIZER


def test_machines_that_differ_are_pointed_out() -> None:
    blocks = made(threads=2)
    assert values(blocks)["threads of a training"] == "1 | 2 (they differ)"
    assert "mtlite ablate made-up.yaml" in to_markdown(blocks)


def test_nodes_that_differ_are_named() -> None:
    found = values(made({"processor": "Fast 9000", "node": "n2"}, packages={"tensorflow": "1.0"}))
    assert found["processor"] == "Fast 9000 on n2 | not recorded (they differ)"
    assert "tensorflow 1.0 on n2" in found["trained with"]
    assert "n2" not in values(made({"node": "n2"}))["processor"]


def test_options_that_nobody_gave_are_listed() -> None:
    said = to_markdown(made())
    assert "Options that the recipe leaves open" in said
    assert "| training.precision | float32 |" in said
    assert "| training.learning\\_rate |" not in said
