"""`mtlite ablate`"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from mtlite.ablation.options import AblationConfig
from mtlite.commands.parsing import Parser, add_config_options, config_values
from mtlite.commands.train import merge
from mtlite.config.recipe import options as options_of
from mtlite.config.recipe import parse_yaml, read_recipe, typed
from mtlite.errors import UsageError


def run(arguments: list[str]) -> None:
    """Train every cell of a recipe, and report."""
    parser = Parser(
        "ablate",
        "Train topologies × seeds × options on one corpus, with one tokenizer, the same batches and the same budget, "
        "and report which differences are real. Started again, it goes on where it was. With --record and without a "
        "recipe: the report of the record alone.",
        usage="mtlite ablate [RECIPE] [--run DIR] [--jobs N] [--record FILE.jsonl] [--dry-run] "
        "[--section.option VALUE ...]",
    )
    parser.add_argument("recipe", nargs="?", help="a YAML file with a section ablation:, as in scripts/recipes")
    parser.add_argument("--run", metavar="DIR", help="where everything is kept (default: runs/RECIPE)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="cells that run side by side")
    parser.add_argument(
        "--record", metavar="FILE.jsonl", help="add finished cells to this file, and take those in it as done"
    )
    parser.add_argument("--dry-run", action="store_true", help="list the cells with an estimated time, train nothing")
    group = parser.add_argument_group("ablation")
    own = list(options_of(AblationConfig, "ablation."))
    for option in own:
        group.add_argument(f"--{option.name}", default=argparse.SUPPRESS, metavar="YAML", help=_help(option))
    add_config_options(parser)
    options = parser.parse(arguments)
    if options.jobs < 1:
        raise UsageError(f"--jobs: expected at least 1, received {options.jobs}")
    given = config_values(options)
    typed(given, "mtlite ablate")
    for option in own:
        if hasattr(options, option.name):
            value = parse_yaml(getattr(options, option.name), option.name)
            given.setdefault("ablation", {})[option.name.removeprefix("ablation.")] = value

    from mtlite.ablation.ablate import ablate, dry_run, read_ablation, report_of_record
    from mtlite.training.train import make_console

    console = make_console()
    if options.recipe is None:
        if not options.record or given or options.dry_run:
            raise UsageError("mtlite ablate: expected a recipe, or --record alone for the report of a record")
        place = Path(options.run) if options.run else Path("runs") / Path(options.record).stem
        print(report_of_record(Path(options.record), place, console))
        return
    values = read_recipe(Path(options.recipe))
    if "ablation" in values:
        values = with_overrides(values, given)
    read_ablation(values, options.recipe)
    folder = Path(options.run) if options.run else Path("runs") / Path(options.recipe).stem
    if options.dry_run:
        dry_run(values, options.recipe, folder, console)
        return
    record = Path(options.record) if options.record else None
    print(ablate(values, options.recipe, folder, at_once=options.jobs, record=record, console=console))


def with_overrides(values: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The recipe with the options of the command line over it; a list or a grid replaces the one in the recipe."""
    merged = merge(values, {name: section for name, section in given.items() if name != "ablation"})
    merged["ablation"] = {**(values["ablation"] or {}), **given.get("ablation", {})}
    return merged


def _help(option: Any) -> str:
    default = "" if "(default: " in option.help else f" (default: {option.default})"
    return f"{option.help}{default}".replace("%", "%%")
