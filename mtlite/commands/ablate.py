"""`mtlite ablate`"""

from __future__ import annotations

import argparse
from pathlib import Path

from mtlite.ablation.options import AblationConfig
from mtlite.commands.parsing import Parser, add_config_options, add_option, config_values, whole_number
from mtlite.config.recipe import Values, merge, parse_yaml, read_recipe
from mtlite.config.recipe import options as options_of
from mtlite.errors import MtliteError, UsageError

REPORT = "report"


def run(arguments: list[str]) -> None:
    """Train every cell of a recipe, and report."""
    parser = Parser(
        "ablate",
        "Train topologies × seeds × options on one corpus, with one tokenizer, the same batches and the same budget, "
        "and report which differences are real. Started again, it goes on where it was. With --record and without a "
        "recipe: the report of the record alone.",
        usage="mtlite ablate [RECIPE] [--run DIR] [--jobs N] [--record FILE.jsonl.xz] [--dry-run] "
        "[--section.option VALUE ...]",
    )
    parser.add_argument("recipe", nargs="?", help="a YAML file with a section ablation:, as in scripts/recipes")
    parser.add_argument("--run", metavar="DIR", help="where everything is kept (default: runs/RECIPE)")
    jobs, kept = "cells that run side by side", "add finished cells to this file, and take those in it as done"
    parser.add_argument("--jobs", type=whole_number(1, 1000), default=1, metavar="N", help=jobs)
    parser.add_argument("--record", metavar="FILE.jsonl.xz", help=kept)
    parser.add_argument("--dry-run", action="store_true", help="list the cells with an estimated time, train nothing")
    group = parser.add_argument_group("ablation")
    for option in options_of(AblationConfig, "ablation."):
        add_option(group, option, "YAML")
    add_config_options(parser)
    options = parser.parse(arguments)
    given = {**config_values(options), **_ablation_values(options)}

    from mtlite.ablation import ablate
    from mtlite.ablation.record import Record
    from mtlite.console import make_console

    console = make_console()
    if options.recipe is None:
        if not options.record or given or options.dry_run:
            raise UsageError("mtlite ablate: expected a recipe, or --record alone for the report of a record")
        finished = ablate.recorded_ablation(Record(Path(options.record)))
        folder = Path(options.run or Path("runs") / Path(options.record).name.partition(".")[0])
    else:
        folder = Path(options.run or Path("runs") / Path(options.recipe).stem)
        values = with_overrides(read_recipe(Path(options.recipe)), given)
        record = Record(Path(options.record)) if options.record else None
        experiment = ablate.prepare_experiment(values, options.recipe, folder, console)
        if options.dry_run:
            ablate.dry_run(experiment, console)
            return
        finished = ablate.ablate(experiment, options.jobs, record, console)

    from mtlite.report.report import report

    page = report(finished.header, finished.outcomes, finished.failures, folder / REPORT)
    console.print(f"report {page}")
    if finished.failures:
        cell, reason = next(iter(finished.failures.items()))
        raise MtliteError(
            f"{len(finished.failures)} cells failed, the first is {cell}: {reason}; the others are reported"
        )
    print(page)


def _ablation_values(parsed: argparse.Namespace) -> Values:
    """The options of the section `ablation` that were given."""
    given = {
        option.name.removeprefix("ablation."): parse_yaml(getattr(parsed, option.name), option.name)
        for option in options_of(AblationConfig, "ablation.")
        if hasattr(parsed, option.name)
    }
    return {"ablation": given} if given else {}


def with_overrides(values: Values, given: Values) -> Values:
    """Put the options of the command line over a recipe; a list or a grid replaces the one in the recipe."""
    merged = merge(values, {name: section for name, section in given.items() if name != "ablation"})
    if "ablation" in values:
        merged["ablation"] = {**(values["ablation"] or {}), **given.get("ablation", {})}
    return merged
