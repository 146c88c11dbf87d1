"""An ablation: a recipe in, finished cells out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from mtlite.ablation.cell_configs import base_config, cell_config
from mtlite.ablation.cell_runner import CellRunner
from mtlite.ablation.cells import Cell, cells_of, doubled_cells_of, systems_of, trials_of, tuning_cells_of
from mtlite.ablation.experiment import Experiment
from mtlite.ablation.header import Header, keep_header
from mtlite.ablation.jobs import Engine
from mtlite.ablation.options import AblationConfig
from mtlite.ablation.plan import Plan, count_parameters
from mtlite.ablation.power import what_it_can_show
from mtlite.ablation.record import Record
from mtlite.comparison.outcome import Outcome
from mtlite.config.read import read_as
from mtlite.config.recipe import Values
from mtlite.data.prepare import data_report, prepare
from mtlite.errors import Stopped, UsageError
from mtlite.runtime import start_tensorflow
from mtlite.storage.run_directory import FACTS, Run


@dataclass(frozen=True)
class FinishedAblation:
    """What a report is made from."""

    header: Header
    outcomes: dict[str, Outcome]  # by name, those of the finished cells
    failures: dict[str, str]  # by name, why other cells have none


def read_ablation(values: Values, origin: str) -> tuple[Values, AblationConfig]:
    """A recipe as its own sections and the section `ablation`; every cell is checked before anything runs."""
    if "ablation" not in values:
        raise UsageError(
            f"{origin} is not an ablation: expected a section ablation: with lists such as topologies and seeds "
            "(mtlite train takes recipes without it)"
        )
    recipe = {name: section for name, section in values.items() if name != "ablation"}
    ablation = read_as(AblationConfig, values["ablation"], origin, text=True, section="ablation")
    base = base_config(recipe, ablation.topologies[0])
    ablation.refuse_unknown_primary(["test", *base.data.tests])
    for system in systems_of(ablation):
        for chosen in [{}, *trials_of(ablation, system.topology)]:
            cell_config(recipe, ablation, system, ablation.seeds[0], chosen)
    return recipe, ablation


def prepare_experiment(values: Values, name: str, folder: Path, console: Console) -> Experiment:
    """Read the recipe called `name` and its corpus, and train the tokenizer; a later start goes on in `folder`."""
    recipe, ablation = read_ablation(values, name)
    if (folder / FACTS).exists():
        raise UsageError(f"{folder} holds a training, not an ablation: give another folder with --run")
    console.print(f"run directory {folder}")
    prepared = prepare(base_config(recipe, ablation.topologies[0]), console.print)
    return Experiment(name, recipe, ablation, prepared, folder)


def ablate(experiment: Experiment, engine: Engine, record: Record | None, console: Console) -> FinishedAblation:
    """Train all cells that are not done yet.

    Finished cells are added to the record, and taken from it. Raise Stopped if the user stopped it.
    """
    folder, ablation, header = experiment.folder, experiment.ablation, experiment.header()
    with Run(folder).locked():
        keep_header(folder, header)
        experiment.save_tokenizers()
        runner = CellRunner(experiment, header, record, engine, console)
        finished = False
        try:
            engine.begin(experiment)
            runner.run(tuning_cells_of(ablation))
            runner.run(cells_of(ablation))
            runner.run(doubled_cells_of(ablation))
            finished = not runner.failures
        except Stopped as stop:
            done = f"{len(runner.outcomes)} cells are done"
            raise Stopped(f"{stop}; {done} and kept in {folder}; the same command goes on", stop.number) from None
        finally:
            engine.end(finished)
    if record:
        record.compress()
    return FinishedAblation(header, runner.outcomes, runner.failures)


def recorded_ablation(record: Record, metrics: list[str] | None = None) -> FinishedAblation:
    """The finished trainings of a record, judged by the metrics of its recipe, or by `metrics` if they are given."""
    if record.header is None:
        raise UsageError(f"--record {record.path} not found: give a file that mtlite ablate has written")
    outcomes = record.outcomes(record.header)
    return FinishedAblation(record.header.with_metrics(metrics) if metrics else record.header, outcomes, {})


def _listed(cells: Sequence[Cell]) -> str:
    """The names of cells; trials are only counted."""
    trials = sum(cell.tried is not None for cell in cells)
    names = [cell.name for cell in cells if cell.tried is None]
    return ", ".join([*([f"{trials} trial{'s' * (trials > 1)}"] if trials else []), *names])


def dry_run(experiment: Experiment, console: Console) -> None:
    """List the cells with their weights and an estimated time; nothing is written."""
    for line in data_report(experiment.prepared):
        console.print(line)
    ablation = experiment.ablation
    start_tensorflow(ablation.threads)
    from mtlite.training.estimate import seconds_per_update

    plan, total = Plan(experiment, console.print), 0.0
    everything = [*tuning_cells_of(ablation), *cells_of(ablation), *doubled_cells_of(ablation)]
    for system in systems_of(ablation):
        config = plan.config(system, ablation.seeds[0], {})
        cells = [cell for cell in everything if cell.system == system]
        updates = config.training.max_updates
        seconds = updates * seconds_per_update(experiment.prepared_for(config))
        total += seconds * sum(cell.share_of_updates(ablation) for cell in cells)
        console.print(
            f"{system.name}: {count_parameters(experiment, config):,} weights, {updates:,} updates, "
            f"about {seconds / 60:.1f} min each: {_listed(cells)}"
        )
    sentences = {test: len(pairs) for test, pairs in experiment.prepared.corpus.tests.items()}
    metric = base_config(experiment.recipe, ablation.topologies[0]).evaluation.metrics[0]
    console.print(what_it_can_show(ablation, sentences, metric))
    console.print(f"{len(everything)} cells, about {total / 60:.0f} min one after the other, validations not counted")
