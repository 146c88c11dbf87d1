"""`mtlite compare`"""

from __future__ import annotations

from pathlib import Path

from mtlite.commands.parsing import Parser, existing_file
from mtlite.data.languages import is_language_code
from mtlite.data.lines import read_lines
from mtlite.errors import DataError, UsageError
from mtlite.report.document import to_text
from mtlite.storage.run_directory import Run


def run(arguments: list[str]) -> None:
    """Say which differences are real."""
    parser = Parser(
        "compare",
        "Say which differences are real: between finished runs (those that differ in their seed alone are one system), "
        "or, with --reference, between files of translations.",
    )
    parser.add_argument("systems", nargs="+", metavar="RUN or FILE", help="run directories, or files of translations")
    parser.add_argument("--baseline", metavar="RUN", help="the others are compared with this one (default: the first)")
    parser.add_argument("--test", metavar="NAME", help="a test set of the runs (default: the first that all have)")
    parser.add_argument("--reference", metavar="FILE", help="the right translations, line by line, for files")
    parser.add_argument("--language", metavar="CODE", help="of the files, such as de: tells what a word is")
    options = parser.parse(arguments)
    if len(options.systems) < 2:
        raise UsageError("mtlite compare: expected at least two to compare")
    twice = [name for name in options.systems if options.systems.count(name) > 1]
    if twice:
        raise UsageError(f"mtlite compare: {twice[0]} is given twice")
    baseline = options.baseline or options.systems[0]
    if baseline not in options.systems:
        raise UsageError(f"--baseline: expected one of {', '.join(options.systems)}, received {baseline}")
    if options.reference is None and options.language is not None:
        raise UsageError("--language goes with --reference: a run knows its language")
    if options.language is not None and not is_language_code(options.language):
        raise UsageError(f"--language: expected a code such as de, deu or pt-BR, received '{options.language}'")
    if options.reference is not None and options.test is not None:
        raise UsageError("--test is for runs, --reference for files: expected one of them")
    if options.reference is None:
        compare_runs(options.systems, baseline, options.test)
    else:
        compare_files(options.systems, baseline, options.reference, options.language)


def compare_runs(paths: list[str], baseline: str, asked: str | None) -> None:
    """Compare run directories on one of their test sets."""
    for path in paths:
        if Path(path).is_file():
            raise UsageError(f"{path} is a file: expected run directories, or --reference with the right translations")

    from mtlite.comparison.comparable import common_test, group_runs, refuse_incomparable
    from mtlite.comparison.outcome import outcome_of
    from mtlite.comparison.results import make_family
    from mtlite.report.summary import nothing_learned
    from mtlite.report.tables import cost_table, main_table, method, notes_table, pairs_table

    runs = [Run.open(path) for path in paths]
    test = common_test(runs, asked)
    outcomes = [outcome_of(run, [test]).with_search_named("greedy") for run in runs]
    refuse_incomparable(paths, outcomes, test)
    systems, name = group_runs(paths, outcomes, baseline)
    if len(systems) < 2:
        raise UsageError("the runs are seeds of one system: expected at least two systems")
    family = make_family("", test, name, systems)
    print(to_text(main_table(family, ["greedy"], f"beam size {outcomes[0].search.beam_size}")) + "\n")
    for table in (*notes_table(family.systems), cost_table(family.systems, [test])):
        print(to_text(table) + "\n")
    if warning := nothing_learned(family):
        print(warning + "\n")
    if family.comparison:
        print("\n\n".join(method(family.comparison)))
        if len(systems) > 2:
            print(
                "\n"
                + to_text(pairs_table(family.comparison.exploratory, "All pairs. Use them for ideas, not as evidence."))
            )


def compare_files(paths: list[str], baseline: str, reference: str, language: str | None) -> None:
    """Compare files of translations, each the output of one system."""
    from mtlite.evaluation.significance import compare
    from mtlite.evaluation.statistics import sentence_statistics
    from mtlite.report.tables import method, outputs_table, pairs_table

    references = list(read_lines(existing_file(reference, "--reference")))
    outputs = {}
    for path in paths:
        lines = list(read_lines(existing_file(path, "translations")))
        try:
            outputs[path] = sentence_statistics(lines, references, language)
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
    comparison = compare({path: {0: statistics} for path, statistics in outputs.items()}, baseline)
    print(to_text(outputs_table(outputs, reference)) + "\n")
    print(to_text(pairs_table(comparison.primary, "Each file against the baseline.")))
    print("\n" + "\n\n".join(method(comparison)))
