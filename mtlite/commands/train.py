"""`mtlite train`"""

from __future__ import annotations

import argparse
from pathlib import Path

from mtlite.commands.parsing import Parser, add_config_options, config_values
from mtlite.config.recipe import config_from, merge, read_recipe
from mtlite.errors import UsageError
from mtlite.storage.run_directory import CONFIG, FACTS, Run


def make_parser() -> Parser:
    """Its options."""
    parser = Parser(
        "train",
        "Train a model on parallel text and score it. Options stand over the recipe; what neither gives is chosen from "
        "the size of the corpus. Example: mtlite train --data.train.source a.en --data.train.target a.de",
        remedy="text goes with --data.train.source FILE --data.train.target FILE",
        usage="mtlite train [RECIPE] [--run DIR] [--resume] [--dry-run] [--section.option VALUE ...]",
    )
    recipe = "a YAML file with the options below, such as those in scripts/recipes"
    parser.add_argument("recipe", nargs="?", help=recipe)
    parser.add_argument("--run", metavar="DIR", help="the run directory, new or empty (default: runs/RECIPE-N)")
    resume = "go on with the run that is in the run directory; with more --training.max_updates also if it is finished"
    parser.add_argument("--resume", action="store_true", help=resume)
    dry = "show the data report and an estimated time, train nothing"
    parser.add_argument("--dry-run", action="store_true", help=dry)
    add_config_options(parser)
    return parser


def run(options: argparse.Namespace) -> None:
    """Train with a recipe and the options over it."""
    given = config_values(options)
    if options.resume and not options.run:
        raise UsageError("--resume needs --run with the run directory to go on with")
    asked = options.recipe is not None or given
    saved = Path(options.run) / CONFIG if options.resume else None
    if saved and not asked and not saved.exists() and not saved.with_name(FACTS).exists():
        raise UsageError(
            f"--run {options.run}: no training was started there: give the run directory of one, or a recipe"
        )
    source = options.recipe or (saved if saved and saved.is_file() else None)
    config = config_from(merge(read_recipe(Path(source)) if source else {}, given), options.recipe or "mtlite train")

    from mtlite.console import make_console
    from mtlite.training.train import dry_run, train_run

    if options.dry_run:
        dry_run(config, make_console())
        return
    run = Run(Path(options.run)) if options.run else Run.new(Path(options.recipe or "run").stem)
    train_run(config, run, options.resume, make_console())
