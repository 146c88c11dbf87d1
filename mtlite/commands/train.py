"""`mtlite train`"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mtlite.commands.parsing import Parser, add_config_options, config_values
from mtlite.config.options import Config
from mtlite.config.recipe import config_from, read_config, read_recipe, typed
from mtlite.errors import UsageError


def run(arguments: list[str]) -> None:
    """Train as a recipe and the options over it say."""
    parser = Parser(
        "train",
        "Train a model on parallel text and score it. Options stand over the recipe; what neither gives is chosen from "
        "the size of the corpus. Example: mtlite train --data.source a.en --data.target a.de",
        usage="mtlite train [RECIPE] [--run DIR] [--resume] [--dry-run] [--section.option VALUE ...]",
    )
    parser.add_argument(
        "recipe", nargs="?", help="a YAML file with the options below, such as those in scripts/recipes"
    )
    parser.add_argument("--run", metavar="DIR", help="the run directory, new or empty (default: runs/RECIPE-N)")
    parser.add_argument("--resume", action="store_true", help="go on with the run that is in the run directory")
    parser.add_argument(
        "--dry-run", action="store_true", help="show the data report and an estimated time, train nothing"
    )
    add_config_options(parser)
    options = parser.parse(arguments)
    given = config_values(options)
    if options.resume and not options.run:
        raise UsageError("--resume needs --run with the run directory to go on with")
    saved = Path(options.run) / "config.yaml" if options.resume else None
    begun = saved is not None and any((saved.with_name(name)).exists() for name in (saved.name, "run.json"))
    if options.resume and not begun and options.recipe is None and not given:
        raise UsageError(
            f"--run {options.run}: no training was started there: give the run directory of one, or a recipe"
        )
    base: dict[str, Any] = {}
    if options.recipe is not None:
        base = read_recipe(Path(options.recipe))
        typed(base, options.recipe)
    elif saved is not None and saved.is_file():
        base = read_recipe(saved)
    typed(given, "mtlite train")
    config = config_from(merge(base, given), "mtlite train")
    if saved is not None and saved.is_file() and (given or options.recipe is not None):
        _refuse_other_options(saved, config)

    from mtlite.training.train import dry_run, make_console, train

    if options.dry_run:
        dry_run(config, make_console())
        return
    train(config, options.run, options.resume, Path(options.recipe).stem if options.recipe else "run")


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Two trees of options, the second over the first."""
    merged = dict(base)
    for name, value in over.items():
        below = merged.get(name)
        merged[name] = merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _refuse_other_options(saved: Path, config: Config) -> None:
    """A resumed run keeps its configuration; asking for another one is a mistake."""
    if read_config(saved).to_dict() != config.to_dict():
        raise UsageError(f"--resume goes on with the options of {saved}, which differ from those given: leave them out")
