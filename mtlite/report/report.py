"""Writes the report: numbers (CSV, JSON), text (Markdown, LaTeX) and one page with everything in it (HTML)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mtlite.ablation.header import Header
from mtlite.comparison.outcome import Outcome
from mtlite.comparison.results import ComparisonResults, compare_systems
from mtlite.errors import RunError
from mtlite.report import sections
from mtlite.report.document import Block, Heading, Paragraph, Picture, Table, to_latex, to_markdown
from mtlite.report.doubling import twice_the_updates
from mtlite.report.gather import HYPOTHESES, gather, hypotheses_of, scored
from mtlite.report.html_page import to_html
from mtlite.report.metrics import by_other_metrics
from mtlite.report.numbers import as_csv, as_json, as_lines, cell_rows
from mtlite.report.provenance import how_it_was_made
from mtlite.report.sentences import explorer
from mtlite.report.summary import summary
from mtlite.report.tables import differs_table, likelihood_table, main_table, method, notes_table, too_long
from mtlite.report.tuning import tuning
from mtlite.storage.files import write_atomically


def report(
    header: Header,
    outcomes: Mapping[str, Outcome],
    failures: Mapping[str, str],
    folder: Path,
    scores: Mapping[str, Path] | None = None,
) -> ComparisonResults:
    """Write everything, and return the numbers; raise RunError if no cell is finished.

    Args:
        failures: by name, why others have no outcome.
        scores: by name of another metric, the folder with a file of scores for each output.
    """
    outcomes = scored(header, outcomes, scores or {})
    systems, groups = gather(header, outcomes)
    if not systems:
        first = next(iter(failures.values()), "none was started")
        raise RunError(f"there is nothing to report: no cell was finished ({first})")
    metrics = [*header.metrics, *(scores or {})]
    results = compare_systems(systems, header, groups, failures, header.ablation.primary, metrics)
    blocks = make_document(results, header, outcomes)
    folder.mkdir(parents=True, exist_ok=True)
    rows = cell_rows(results, header)
    files = {f"{block.name}.svg": block.svg for block in blocks if isinstance(block, Picture)}
    files |= {"results.csv": as_csv(rows), "results.jsonl": as_lines(rows), "results.json": as_json(results, header)}
    files |= hypotheses_of(header, outcomes)
    files |= {"report.md": to_markdown(blocks).encode(), "report.tex": to_latex(blocks).encode()}
    files["report.html"] = to_html(title(header), blocks).encode()
    (folder / HYPOTHESES).mkdir(exist_ok=True)
    for name, content in files.items():
        write_atomically(folder / name, content)
    return results


def title(header: Header) -> str:
    """Of the page."""
    return f"Ablation: {Path(header.name).stem}"


def make_document(results: ComparisonResults, header: Header, outcomes: Mapping[str, Outcome]) -> list[Block]:
    """The report, block by block."""
    blocks: list[Block] = [Heading(title(header), 1), *summary(results, header.ablation)]
    notes = notes_table(sections.in_order(results))
    for number, family in enumerate(results.families):
        role = "" if family.primary else " (secondary)"
        blocks.append(Heading(f"Results on {family.test}{f', {family.title}' if family.title else ''}{role}"))
        blocks.append(main_table(family, results.searches, name=f"results-{number + 1}"))
        if (found := results.likelihood.get(family.test)) and (said := too_long(family.test, found, family.systems)):
            blocks.append(Paragraph(said))
        blocks += [*notes, differs_table(sections.in_order(results))] if number == 0 else []
        if number == 0 and family.comparison:
            read = method(results.judged(True), family.metric)
            blocks += [Heading("How to read the table", 3), *map(Paragraph, read)]
        if others := by_other_metrics(family, f"other-metrics-{number + 1}"):
            blocks += [Heading("By other metrics (secondary)", 3), *others]
        blocks += sections.pictures_of_family(family, f"{number + 1}")
        if family.comparison:
            blocks.append(sections.all_pairs(family))
    if not results.families:
        blocks += notes
    blocks.append(explorer(sections.in_order(results), results, header))
    blocks += sections.costs(results)
    if results.likelihood:
        blocks += [Heading("How probable the references are"), likelihood_table(results.likelihood)]
    for section in (sections.learning, sections.where_each_fails, sections.attention_maps):
        blocks += section(results)
    blocks += [*twice_the_updates(header, outcomes), *tuning(header.ablation, outcomes)]
    if results.failures:
        rows = [[cell, reason] for cell, reason in sorted(results.failures.items())]
        failed = Table(["training", "reason"], rows, "These trainings are in no table.", (0, 1), "failed")
        blocks += [Heading("Trainings that failed"), failed]
    return blocks + how_it_was_made(results, header, outcomes)
