"""What each system gains by twice the updates: the only thing that a report says about convergence."""

from __future__ import annotations

from collections.abc import Mapping

from mtlite.ablation.cells import Cell, doubled_cells_of
from mtlite.ablation.header import Header
from mtlite.comparison.outcome import Outcome
from mtlite.evaluation.metrics import label_of
from mtlite.evaluation.significance import compare
from mtlite.report.document import Block, Heading, Paragraph, Table
from mtlite.report.tables import interval, signed


def twice_the_updates(header: Header, outcomes: Mapping[str, Outcome]) -> list[Block]:
    """A row for each system and test set whose second training is finished; nothing if none was asked for."""
    metric = header.metrics[0]
    label = label_of(metric)
    rows = []
    for cell in doubled_cells_of(header.ablation):
        once, twice = outcomes.get(Cell(cell.system, cell.seed).name), outcomes.get(cell.name)
        if once is None or twice is None:
            continue
        both = {"once": once, "twice": twice}
        dev = f"{once.best[2]:.2f} → {twice.best[2]:.2f}"
        for test in header.tests:
            outputs = {name: {cell.seed: each.outputs["greedy"][test].statistics} for name, each in both.items()}
            (pair,) = compare(outputs, "once", [metric]).primary
            gain = signed(pair.difference.effect), interval(pair.difference.sentence_interval)
            rows.append([cell.system.name, test, f"{once.updates:,} → {twice.updates:,}", dev, *gain])
    if not rows:
        return []
    columns = ["system", "test set", "updates", "dev BLEU", f"Δ {label}", "95% sentences"]
    caption = (
        f"Seed {header.ablation.double_seed} of each system, trained anew with twice the updates; warm-up, schedule "
        f"and the updates between validations are stretched over them. Δ is the {label} of the longer training minus "
        "that of the other, with its 95% interval for other sentences. It is one seed: another may gain more or less."
    )
    said = "A system that gains by twice the updates had not learned all that it can."
    return [Heading("Twice the updates"), Paragraph(said), Table(columns, rows, caption, (0, 1), "doubling")]
