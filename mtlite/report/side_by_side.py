"""Finished runs, or files of translations, side by side: which differences are more than chance, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mtlite.comparison.comparable import common_test, group_runs, refuse_incomparable
from mtlite.comparison.outcome import outcome_of
from mtlite.comparison.results import make_family
from mtlite.data.language_choice import check_language, language_by_script
from mtlite.data.lines import read_lines
from mtlite.errors import DataError, UsageError
from mtlite.evaluation.significance import Comparison
from mtlite.evaluation.significance import compare as compare_outputs
from mtlite.evaluation.statistics import sentence_statistics
from mtlite.languages import is_language_code, language_of, meant_language
from mtlite.report.document import Paragraph, Table, to_text
from mtlite.report.html_page import to_html_part
from mtlite.report.summary import nothing_learned
from mtlite.report.tables import (
    cost_table,
    differs_table,
    main_table,
    method,
    notes_table,
    output_pairs_table,
    outputs_table,
    pairs_table,
)
from mtlite.storage.run_directory import Run
from mtlite.visible import visible


@dataclass(frozen=True, repr=False)
class SideBySide:
    """Systems side by side, which Python and notebooks show as tables."""

    blocks: Sequence[Table | Paragraph]
    comparison: Comparison | None  # differences, intervals, p and verdicts

    def __repr__(self) -> str:
        return "\n\n".join(
            visible(block.text) if isinstance(block, Paragraph) else to_text(block) for block in self.blocks
        )

    def _repr_html_(self) -> str:
        return to_html_part(self.blocks)


def compare(
    systems: Sequence[str | Path | Run],
    baseline: str | Path | Run | None = None,
    test: str | None = None,
    reference: str | Path | None = None,
    language: str | None = None,
) -> SideBySide:
    """Say which differences are more than chance: between finished runs, or, with a reference, between translations.

    Runs that differ in their seed alone are one system. The others are compared with the baseline (default: the first)
    on one test set (default: the first that all have). The language of files, such as `de`, tells what a word is
    (default: the ending of the reference, or its script).
    """
    paths = [str(each.path if isinstance(each, Run) else each) for each in systems]
    if len({*paths}) < max(2, len(paths)):
        raise UsageError(f"compare: expected at least two, none of them twice, received {', '.join(paths) or 'none'}")
    first = str(baseline.path if isinstance(baseline, Run) else baseline or paths[0])
    if first not in paths:
        raise UsageError(f"--baseline: expected one of {', '.join(paths)}, received {first}")
    if language is not None:
        if meant := meant_language(language):
            raise UsageError(f"--language: {language} is no code of a language: did you mean {meant}?")
        if reference is None or not is_language_code(language):
            expected = "with --reference, a code such as de, deu or pt-BR"
            raise UsageError(f"--language: expected {expected}, received '{language}'")
    if reference is not None and test is not None:
        raise UsageError("--test is for runs, --reference for files: expected one of them")
    return _runs(paths, first, test) if reference is None else _files(paths, first, str(reference), language)


def _runs(paths: list[str], baseline: str, asked: str | None) -> SideBySide:
    for path in paths:
        if Path(path).is_file():
            raise UsageError(f"{path} is a file: expected run directories, or --reference with the right translations")
    runs = [Run.open(path) for path in paths]
    test = common_test(runs, asked)
    outcomes = [outcome_of(run, [test]).with_search_named("greedy") for run in runs]
    refuse_incomparable(paths, outcomes, test)
    systems, name = group_runs(paths, outcomes, baseline)
    if len(systems) < 2:
        raise UsageError("the runs are seeds of one system: expected at least two systems")
    family = make_family("", test, name, systems)
    searches = dict.fromkeys(outcome.search.in_words(outcome.topology) for outcome in outcomes)
    blocks: list[Table | Paragraph] = [
        main_table(family, ["greedy"], " or ".join(searches)),
        *notes_table(family.systems),
        differs_table(family.systems),
        cost_table(family.systems, [test]),
        *([Paragraph(warning)] if (warning := nothing_learned(family)) else []),
    ]
    if family.comparison:
        blocks += map(Paragraph, method(family.judged))
        if len(systems) > 2:
            blocks.append(pairs_table(family.comparison.exploratory, "All pairs. Use them for ideas, not as evidence."))
    return SideBySide(blocks, family.comparison)


def _files(paths: list[str], baseline: str, reference: str, language: str | None) -> SideBySide:
    for path in (reference, *paths):
        if not Path(path).is_file():
            raise UsageError(f"{path} not found: give a text file with one sentence a line")
    references, outputs = list(read_lines(Path(reference))), {}
    language, notes = _language_of(reference, references, language)
    for path in paths:
        try:
            outputs[path] = sentence_statistics(list(read_lines(Path(path))), references, language)
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
    comparison = compare_outputs({path: {0: statistics} for path, statistics in outputs.items()}, baseline)
    tables = [outputs_table(outputs, reference), output_pairs_table(comparison.primary)]
    return SideBySide([*tables, *map(Paragraph, notes)], comparison)


def _language_of(reference: str, references: list[str], language: str | None) -> tuple[str | None, list[str]]:
    """The language of files, as given or by the ending of the reference or its script, and what to say of it."""
    notes = check_language(language, "--language") if language else []
    if language is None and (language := language_of(reference)):
        notes = [f"The language is {language}, by the ending of {reference}."]
    language, more = language_by_script(references, language, "reference", "--language")
    return language, notes + more
