"""Finished runs, or files of translations, side by side: which differences are more than chance, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtlite.comparison.comparable import common_test, group_runs, refuse_incomparable
from mtlite.comparison.given_scores import read_scores, refuse_names
from mtlite.comparison.outcome import outcome_of
from mtlite.comparison.results import make_family
from mtlite.config.options import DEFAULT_METRICS
from mtlite.config.recipe import metrics_of
from mtlite.data.language_choice import check_language, language_by_script
from mtlite.data.lines import read_lines
from mtlite.errors import DataError, UsageError
from mtlite.evaluation.references import References, beside_each_other, first_of
from mtlite.evaluation.significance import Comparison
from mtlite.evaluation.significance import compare as compare_outputs
from mtlite.evaluation.statistics import sentence_statistics
from mtlite.languages import is_language_code, language_of, meant_language
from mtlite.report.document import Paragraph, Table, to_text
from mtlite.report.html_page import to_html_part
from mtlite.report.metrics import by_other_metrics, disagreements
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

Given = Mapping[str, Mapping[str, str]]
"""By path of a run or file of translations, the file of scores by the name of a metric."""


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
    reference: str | Path | Sequence[str | Path] | None = None,
    language: str | None = None,
    metrics: Sequence[str] | None = None,
    scores: Mapping[str, Sequence[str | Path]] | None = None,
) -> SideBySide:
    """Say which differences are more than chance: between finished runs, or, with a reference, between translations.

    Runs that differ in their seed alone are one system. The others are compared with the baseline (default: the first)
    on one test set (default: the first that all have). The language of files, such as `de`, tells what a word is
    (default: the ending of the reference, or its script). The first of the metrics is what the comparison is about
    (default: those of the first run; of files, BLEU, chrF2 and TER). Scores of another metric are files with one
    number a sentence, by its name: one file for each system, in their order.
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
    asked = None if metrics is None else metrics_of(metrics)
    given = _scores_of_paths(paths, scores or {})
    if reference is None:
        return _runs(paths, first, test, asked, given)
    files = [reference] if isinstance(reference, str | Path) else reference
    return _files(paths, first, list(map(str, files)), language, asked or list(DEFAULT_METRICS), given)


def _scores_of_paths(paths: list[str], scores: Mapping[str, Sequence[str | Path]]) -> Given:
    """By path of a system, the file of its scores by name."""
    refuse_names(scores)
    for name, files in scores.items():
        if len(files) != len(paths):
            expected = f"a file for each of the {len(paths)} runs or files, in their order"
            raise UsageError(f"--scores {name}: expected {expected}, received {len(files)}")
    return {path: {name: str(files[at]) for name, files in scores.items()} for at, path in enumerate(paths)}


def _runs(paths: list[str], baseline: str, test: str | None, asked: list[str] | None, given: Given) -> SideBySide:
    for path in paths:
        if Path(path).is_file():
            raise UsageError(f"{path} is a file: expected run directories, or --reference with the right translations")
    runs = [Run.open(path) for path in paths]
    test = common_test(runs, test)
    metrics = asked or list(runs[0].config.evaluation.metrics)
    outcomes = [
        outcome_of(run, [test])
        .with_search_named("greedy")
        .with_metrics(metrics, run.references)
        .with_scores({test: given[path]})
        for path, run in zip(paths, runs, strict=True)
    ]
    refuse_incomparable(paths, outcomes, test)
    systems, name = group_runs(paths, outcomes, baseline)
    if len(systems) < 2:
        raise UsageError("the runs are seeds of one system: expected at least two systems")
    family = make_family("", test, name, systems, [*metrics, *given[paths[0]]])
    searches = dict.fromkeys(outcome.search.in_words(outcome.topology) for outcome in outcomes)
    blocks: list[Table | Paragraph] = [
        main_table(family, ["greedy"], " or ".join(searches)),
        *by_other_metrics(family),
        *notes_table(family.systems),
        differs_table(family.systems),
        cost_table(family.systems, [test]),
        *([Paragraph(warning)] if (warning := nothing_learned(family)) else []),
    ]
    if family.comparison:
        blocks += map(Paragraph, method(family.judged, family.metric))
        if len(systems) > 2:
            blocks.append(pairs_table(family.comparison.exploratory, "All pairs. Use them for ideas, not as evidence."))
    return SideBySide(blocks, family.comparison)


def _files(
    paths: list[str],
    baseline: str,
    files: list[str],
    language: str | None,
    metrics: list[str],
    given: Given,
) -> SideBySide:
    for path in (*files, *paths):
        if not Path(path).is_file():
            raise UsageError(f"{path} not found: give a text file with one sentence a line")
    lines, outputs = _references_of(files), {}
    language, notes = _language_of(files[0], first_of(lines), language)
    for path in paths:
        try:
            statistics = sentence_statistics(list(read_lines(Path(path))), lines, language, metrics)
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
        scores = {name: read_scores(file, len(lines)) for name, file in given[path].items()}
        outputs[path] = statistics.with_scores(scores)
    metrics = [*metrics, *given[paths[0]]]
    comparison = compare_outputs({path: {0: each} for path, each in outputs.items()}, baseline, metrics)
    tables = [outputs_table(outputs, " and ".join(files), metrics), output_pairs_table(comparison.primary)]
    notes += disagreements(comparison.primary)
    return SideBySide([*tables, *map(Paragraph, notes)], comparison)


def _references_of(files: list[str]) -> References:
    """The lines of one file, or those of several side by side."""
    sides = [list(read_lines(Path(path))) for path in files]
    for path, side in zip(files, sides, strict=True):
        if len(side) != len(sides[0]):
            counts = f"{path} has {len(side):,} lines, {files[0]} has {len(sides[0]):,}"
            raise DataError(f"--reference: {counts}: expected translations of the same sentences")
    return beside_each_other(sides)


def _language_of(reference: str, references: list[str], language: str | None) -> tuple[str | None, list[str]]:
    """The language of files, as given or by the ending of the reference or its script, and what to say of it."""
    notes = check_language(language, "--language") if language else []
    if language is None and (language := language_of(reference)):
        notes = [f"The language is {language}, by the ending of {reference}."]
    language, more = language_by_script(references, language, "reference", "--language")
    return language, notes + more
