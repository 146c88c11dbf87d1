"""`mtlite train`"""

from __future__ import annotations

import argparse
from pathlib import Path

from mtlite.config import Config
from mtlite.errors import UsageError
from mtlite.recipe import config_from, config_parser, option_names, read_config, read_recipe, readable
from mtlite.run import Run


def run(arguments: list[str]) -> None:
    """Train as a recipe and the options over it say."""
    parser = config_parser(
        prog="mtlite train",
        description="Train a model on parallel text and score it. Options stand over the recipe; what neither gives is "
        "chosen from the size of the corpus. Example: mtlite train --data.source a.en --data.target a.de",
    )
    parser.add_argument(
        "recipe", nargs="?", help="a YAML file with the options below, such as those in scripts/recipes"
    )
    parser.add_argument("--run", help="the run directory, new or empty (default: runs/RECIPE-N)")
    parser.add_argument("--resume", action="store_true", help="go on with the run that is in the run directory")
    parser.add_argument(
        "--dry-run", action="store_true", help="show the data report and an estimated time, train nothing"
    )
    try:
        first = parser.parse_args(arguments, defaults=False)
    except (argparse.ArgumentError, TypeError, ValueError) as error:
        raise UsageError(f"mtlite train: {readable(error, option_names(parser))}") from None
    values = first.as_dict()
    own = {name: values.pop(name, None) for name in ("recipe", "run", "resume", "dry_run")}
    given = {name: value for name, value in values.items() if value is not None}
    if own["resume"] and own["run"] and (Path(own["run"]) / "resolved.yaml").exists() and not own["recipe"]:
        config = read_config(Path(own["run"]) / "resolved.yaml")
    else:
        recipe = read_recipe(Path(own["recipe"])) if own["recipe"] else {}
        config = config_from(config_parser(), merge(recipe, given), own["recipe"] or "mtlite train")
    if own["resume"] and not own["run"]:
        raise UsageError("--resume needs --run with the run directory to go on with")
    if own["resume"]:
        _refuse_other_options(Run(Path(own["run"])), given, bool(own["recipe"]), config)

    from mtlite.training.train import dry_run, make_console, train

    if own["dry_run"]:
        dry_run(config, make_console())
        return
    train(config, own["run"], bool(own["resume"]), Path(own["recipe"]).stem if own["recipe"] else "run")


def merge(base: dict[str, object], over: dict[str, object]) -> dict[str, object]:
    """Two trees of options, the second over the first."""
    merged = dict(base)
    for name, value in over.items():
        below = merged.get(name)
        merged[name] = merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _refuse_other_options(place: Run, given: dict[str, object], recipe: bool, config: Config) -> None:
    """A resumed run keeps its configuration; asking for another one is a mistake."""
    saved = place.path / "config.yaml"
    if not saved.exists() or not (given or recipe):
        return
    if read_config(saved).to_dict() != config.to_dict():
        raise UsageError(f"--resume goes on with the options of {saved}, which differ from those given: leave them out")
