"""`mtlite ablate`"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mtlite.ablation.options import MOST_CELLS, AblationConfig
from mtlite.commands.parsing import (
    Parser,
    add_config_options,
    add_option,
    config_values,
    named_paths,
    whole_number,
)
from mtlite.config.plain_yaml import parse_yaml
from mtlite.config.recipe import Values, merge, metrics_of, read_recipe
from mtlite.config.recipe import options as options_of
from mtlite.config.registry import register_topology
from mtlite.errors import MtliteError, UsageError
from mtlite.report.document import to_text
from mtlite.storage.files import refuse_unwritable
from mtlite.visible import visible

if TYPE_CHECKING:
    from rich.console import Console

    from mtlite.ablation.jobs import Engine
    from mtlite.comparison.results import ComparisonFamily

REPORT = "report"
_GIGABYTES, _MINUTES = 2, 1440  # of a cell on a cluster


def make_parser() -> Parser:
    """Its options."""
    parser = Parser(
        "ablate",
        "Train topologies × seeds × options on one corpus, with one tokenizer, the same batches and the same budget, "
        "and report which differences are more than chance. Started again, it goes on where it was. Options may stand "
        "over a recipe, or without one. With --record alone: the report of the record, by other metrics with "
        "--evaluation.metrics. Example: mtlite ablate "
        "--data.train.pairs pairs.tsv --ablation.topologies '[attention, aligned]' --ablation.seeds '[1, 2, 3]'",
        usage="mtlite ablate [RECIPE] [--run DIR] [--jobs N] [--record FILE.jsonl.xz] [--dry-run] "
        "[--on ray | --on slurm] [--section.option VALUE ...]",
    )
    parser.add_argument("recipe", nargs="?", help="a YAML file with a section ablation:, as in scripts/recipes")
    parser.add_argument("--run", metavar="DIR", help="the run directory (default: runs/RECIPE, or runs/ablation)")
    jobs = "trainings that run side by side (default: 1; on a cluster, as many as have room)"
    kept = "add finished cells to this file, and take those in it as done"
    parser.add_argument("--jobs", type=whole_number(1, 1000), metavar="N", help=jobs)
    parser.add_argument("--record", metavar="FILE.jsonl.xz", help=kept)
    parser.add_argument("--dry-run", action="store_true", help="list the cells with an estimated time, train nothing")
    scores = (
        "another metric, by a folder with a file for each output, one number a sentence, higher is better; the folder "
        "REPORT/hypotheses has the outputs, and the names of the files (default: none)"
    )
    parser.add_argument("--scores", action="append", metavar="NAME=FOLDER", help=scores)
    _add_cluster_options(parser)
    group = parser.add_argument_group("ablation")
    for option in options_of(AblationConfig, "ablation."):
        add_option(group, option, "YAML")
    add_config_options(parser)
    return parser


def _add_cluster_options(parser: Parser) -> None:
    """Where cells are trained, if not here."""
    group = parser.add_argument_group("several machines")
    where = "train the cells on the nodes of a Ray cluster, or as jobs of Slurm (default: here)"
    address = "of the Ray cluster (default: the one that this machine has joined)"
    identical = "refuse nodes with other versions or another processor; without it, the report names them"
    memory = "gigabytes that a cell needs (default: 2)"
    minutes = "after which Slurm ends the job of a cell, which then goes on in the next one (default: 1440)"
    group.add_argument("--on", choices=("ray", "slurm"), help=where)
    group.add_argument("--address", metavar="HOST:PORT", help=address)
    group.add_argument("--identical", action="store_true", help=identical)
    group.add_argument("--memory", type=whole_number(1, 4096), metavar="GB", help=memory)
    group.add_argument("--minutes", type=whole_number(5, 100_000), metavar="N", help=minutes)


def _refuse_useless(options: argparse.Namespace) -> None:
    """Refuse options of several machines that have no effect."""
    needs = {"address": ["ray"], "minutes": ["slurm"], "memory": ["ray", "slurm"], "identical": ["ray", "slurm"]}
    for name, engines in needs.items():
        if getattr(options, name) and options.on not in engines:
            raise UsageError(f"--{name} has no effect without --on {' or --on '.join(engines)}: leave it out")


def _engine(options: argparse.Namespace, console: Console) -> Engine:
    """What runs the cells."""
    from mtlite.ablation.on_ray import RayEngine
    from mtlite.ablation.on_slurm import SlurmEngine
    from mtlite.ablation.processes import Processes

    most, memory = options.jobs or MOST_CELLS, (options.memory or _GIGABYTES) * 2**30
    if options.on == "ray":
        return RayEngine(options.address, most, memory, options.identical, console)
    if options.on == "slurm":
        return SlurmEngine(most, memory, options.minutes or _MINUTES, options.identical, console)
    return Processes(options.jobs or 1)


def run(options: argparse.Namespace) -> None:
    """Train every cell of a recipe, and report."""
    given = {**config_values(options), **ablation_values(options)}
    scores = _score_folders(options.scores)
    _refuse_useless(options)

    from mtlite.ablation import ablate
    from mtlite.ablation.record import Record
    from mtlite.console import make_console

    console = make_console()
    if options.record and not options.dry_run:
        refuse_unwritable(Path(options.record).parent, f"--record {options.record}")
    if options.recipe is None and given.keys() <= {"evaluation"}:
        if not options.record or options.dry_run:
            raise UsageError(
                "mtlite ablate: expected a recipe, or options such as --data.train.pairs and --ablation.topologies, or "
                "--record alone for the report of a record"
            )
        folder = Path(options.run or Path("runs") / Path(options.record).name.partition(".")[0])
        refuse_unwritable(folder / REPORT, f"--run {folder}")
        metrics = given.get("evaluation", {}).get("metrics")
        finished = ablate.recorded_ablation(Record(Path(options.record)), metrics and metrics_of(metrics))
    else:
        name = options.recipe or "ablation"
        folder = Path(options.run or Path("runs") / Path(name).stem)
        if not options.dry_run:
            refuse_unwritable(folder / REPORT, f"--run {folder}")
        values = with_overrides(read_recipe(Path(name)) if options.recipe else {"ablation": {}}, given)
        record = Record(Path(options.record)) if options.record else None
        engine = None if options.dry_run else _engine(options, console)
        experiment = ablate.prepare_experiment(values, name, folder, console)
        if engine is None:
            ablate.dry_run(experiment, console)
            return
        finished = ablate.ablate(experiment, engine, record, console)

    from mtlite.report.report import report

    _print(report(finished.header, finished.outcomes, finished.failures, folder / REPORT, scores).families)
    print(visible(str(folder / REPORT / "report.html")))
    if finished.failures:
        cell, reason = next(iter(finished.failures.items()))
        raise MtliteError(
            f"{len(finished.failures)} cells failed, the first is {cell}: {reason}; the others are reported"
        )


def _print(families: Sequence[ComparisonFamily]) -> None:
    """Show the verdicts, and a warning if there is nothing in them."""
    from mtlite.report.summary import nothing_learned
    from mtlite.report.tables import verdict_table

    for family in families:
        print(to_text(verdict_table(family)), end="\n\n")
    if families and (warning := nothing_learned(families[0])):
        print(visible(warning), end="\n\n")


def _score_folders(given: list[str] | None) -> dict[str, Path]:
    """By name of a metric, the folder of its scores."""
    found = {}
    for name, folders in named_paths("--scores", given).items():
        if len(folders) > 1:
            raise UsageError(f"--scores {name}: expected one folder, received {len(folders)}")
        if not Path(folders[0]).is_dir():
            raise UsageError(
                f"--scores {name}: {folders[0]} is no folder: give one with a file of scores for each output"
            )
        found[name] = Path(folders[0])
    return found


def ablation_values(parsed: argparse.Namespace) -> Values:
    """The options of the section `ablation` that were given."""
    given = {
        option.name.removeprefix("ablation."): parse_yaml(getattr(parsed, option.name), option.name)
        for option in options_of(AblationConfig, "ablation.")
        if hasattr(parsed, option.name)
    }
    topologies = given.get("topologies")
    for topology in topologies if isinstance(topologies, list) else ():
        if ":" in str(topology):  # named on the command line: it is asked for
            register_topology(str(topology))
    return {"ablation": given} if given else {}


def with_overrides(values: Values, given: Values) -> Values:
    """Put the options of the command line over a recipe; a list or a grid replaces the one in the recipe."""
    merged = merge(values, {name: section for name, section in given.items() if name != "ablation"})
    if "ablation" in {**values, **given}:
        merged["ablation"] = {**(values.get("ablation") or {}), **given.get("ablation", {})}
    return merged
