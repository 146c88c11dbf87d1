"""`mtlite train`"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mtlite.commands.parsing import Parser, add_config_options, config_values, whole_number
from mtlite.config.options import Config
from mtlite.config.recipe import config_from, merge, read_recipe
from mtlite.errors import UsageError
from mtlite.storage.run_directory import CONFIG, FACTS, Run
from mtlite.training.cluster import MOST_WORKERS, cluster_of
from mtlite.training.local_workers import local_workers
from mtlite.training.workers import ALONE, Team, Workers


def make_parser() -> Parser:
    """Its options."""
    parser = Parser(
        "train",
        "Train a model on parallel text and score it. Options stand over the recipe; what neither gives is chosen from "
        "the size of the corpus. Example: mtlite train --data.train.source a.en --data.train.target a.de",
        remedy="text goes with --data.train.source FILE --data.train.target FILE",
        usage="mtlite train [RECIPE] [--run DIR] [--resume] [--dry-run] [--local-workers N | --workers HOST:PORT,… "
        "--worker I] [--section.option VALUE ...]",
    )
    recipe = "a YAML file with the options below, such as those in scripts/recipes"
    parser.add_argument("recipe", nargs="?", help=recipe)
    parser.add_argument("--run", metavar="DIR", help="the run directory, new or empty (default: runs/RECIPE-N)")
    resume = "go on with the run that is in the run directory; with more --training.max_updates also if it is finished"
    parser.add_argument("--resume", action="store_true", help=resume)
    dry = "show the data report and an estimated time, train nothing"
    parser.add_argument("--dry-run", action="store_true", help=dry)
    _add_workers(parser)
    add_config_options(parser)
    return parser


def _add_workers(parser: Parser) -> None:
    group = parser.add_argument_group("several workers, whose batches are summed in an update")
    local = "train with N processes on this machine"
    group.add_argument("--local-workers", type=whole_number(2, MOST_WORKERS), metavar="N", help=local)
    workers = (
        "addresses of all workers, the chief's first, or tf-config or slurm to take them from there; each worker is "
        "started with the same command but for --worker, and sees the run directory"
    )
    group.add_argument("--workers", metavar="HOST:PORT,HOST:PORT", help=workers)
    number = "which of --workers this one is, from 0 (the chief, who writes) on"
    group.add_argument("--worker", type=whole_number(0, MOST_WORKERS - 1), metavar="I", help=number)
    wait = "seconds to wait until all workers have come"
    group.add_argument("--wait-for-workers", type=whole_number(1, 10**6), default=300, metavar="SECONDS", help=wait)


def run(options: argparse.Namespace) -> None:
    """Train with a recipe and the options over it."""
    if options.resume and not options.run:
        raise UsageError("--resume needs --run with the run directory to go on with")
    several = _refuse_confusion(options)
    with _workers(options) if several else ALONE as workers:
        _train(options, workers)


def _refuse_confusion(options: argparse.Namespace) -> bool:
    """Refuse options of several workers that do not go together; give whether there are several."""
    if options.workers and options.local_workers:
        raise UsageError("--local-workers chooses the addresses of its workers: leave --workers out")
    if options.worker is not None and not options.workers:
        raise UsageError("--worker needs --workers HOST:PORT,HOST:PORT with the addresses of all workers")
    several = bool(options.workers or options.local_workers)
    if several and options.dry_run:
        raise UsageError("--dry-run looks at one process: leave --workers and --local-workers out")
    return several


def _config(options: argparse.Namespace) -> Config:
    given = config_values(options)
    asked = options.recipe is not None or given
    saved = Path(options.run) / CONFIG if options.resume else None
    if saved and not asked and not saved.exists() and not saved.with_name(FACTS).exists():
        raise UsageError(
            f"--run {options.run}: no training was started there: give the run directory of one, or a recipe"
        )
    source = options.recipe or (saved if saved and saved.is_file() else None)
    return config_from(merge(read_recipe(Path(source)) if source else {}, given), options.recipe or "mtlite train")


@contextmanager
def _workers(options: argparse.Namespace) -> Iterator[Workers]:
    """All workers, connected."""
    wait = float(options.wait_for_workers)
    if options.workers:
        with Team(cluster_of(options.workers, options.worker), wait) as team:
            yield team
        return
    arguments = [f"--topology={topology}" for topology in options.topology]
    arguments += ["--run", options.run] if options.run else []
    arguments += ["--resume"] if options.resume else []
    local = local_workers(options.local_workers, _config(options), arguments)
    with local as (cluster, check), Team(cluster, wait, check) as team:
        yield team


def _train(options: argparse.Namespace, workers: Workers) -> None:
    config = _config(options)  # before anything heavy is imported: a wrong option is said at once
    from mtlite.console import make_console
    from mtlite.training.train import dry_run, train_run

    console = make_console()
    if options.dry_run:
        dry_run(config, console)
        return
    console.quiet = not workers.is_chief
    made = None if options.run or not workers.is_chief else Run.new(Path(options.recipe or "run").stem).path
    given = Path(options.run) if options.run else made
    chiefs = workers.of_chief(os.path.abspath(given) if given else None)
    try:
        train_run(config, Run(given or Path(chiefs)), options.resume, console, workers)
    finally:
        if made:
            with suppress(OSError):
                made.rmdir()  # unless something was made in it
