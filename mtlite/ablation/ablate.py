"""The whole road of an ablation: a recipe in, finished cells and a report out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rich.console import Console

from mtlite.ablation.cell import read_outcome
from mtlite.ablation.cells import Cell, Point, cells_of, points, systems_of, tuning_cells_of
from mtlite.ablation.experiment import Experiment, base_config, cell_config, keep_header
from mtlite.ablation.jobs import Job, Stopped, run_jobs
from mtlite.ablation.options import AblationConfig, ablation_config
from mtlite.ablation.plan import Plan, seconds_per_update
from mtlite.ablation.record import Record
from mtlite.ablation.tuning import choice, tried
from mtlite.comparison.outcome import Outcome
from mtlite.config.options import settled
from mtlite.data.prepare import data_report, prepare
from mtlite.errors import MtliteError, RunError, UsageError
from mtlite.report.report import report
from mtlite.storage.run_directory import Run

REPORT = "report"


def read_ablation(values: dict[str, Any], origin: str) -> tuple[dict[str, Any], AblationConfig]:
    """A recipe as its own sections and the section `ablation`; every cell is checked before anything runs.

    Raises:
        UsageError: if it is no ablation, or a cell of it cannot be.
    """
    if "ablation" not in values:
        raise UsageError(
            f"{origin} is not an ablation: expected a section ablation: with lists such as topologies and seeds "
            "(mtlite train takes recipes without it)"
        )
    recipe = {name: section for name, section in values.items() if name != "ablation"}
    ablation = ablation_config(values["ablation"] or {}, origin)
    base_config(recipe, ablation.topologies[0])
    for system in systems_of(ablation):
        for chosen in [{}, *points(ablation.tune)]:
            cell_config(recipe, ablation, system, ablation.seeds[0], chosen)
    return recipe, ablation


def ablate(
    values: dict[str, Any],
    name: str,
    folder: Path,
    *,
    at_once: int = 1,
    record: Path | None = None,
    console: Console,
) -> Path:
    """Train all cells that are not done yet, and report on them.

    Args:
        values: the recipe with its section `ablation`.
        name: of the recipe.
        folder: where everything is kept; a later start goes on there.
        at_once: cells that run side by side.
        record: file to which finished cells are added, and from which they are taken.
        console: where progress is shown.

    Returns:
        The page of the report.

    Raises:
        MtliteError: if something cannot be used, or cells failed; what could be done is done and reported by then.
    """
    recipe, ablation = read_ablation(values, name)
    if ablation.budget == "seconds" and at_once > 1:
        raise UsageError(f"--jobs {at_once}: with a budget of seconds, cells must not slow each other down: expected 1")
    experiment = prepared_experiment(recipe, ablation, name, folder, console)
    with Run(folder).locked():
        header = experiment.header()
        keep_header(folder, header)
        experiment.save_tokenizers()
        work = Work(experiment, header, Record(record) if record else None, at_once, console)
        try:
            work.train(tuning_cells_of(ablation))
            work.train(cells_of(ablation))
        except Stopped as stop:
            command = f"mtlite ablate {name} --run {folder}" + (f" --record {record}" if record else "")
            raise Stopped(f"{stop}; {len(work.outcomes)} cells are done; go on with: {command}") from None
        page = write_report(header, work.outcomes, work.failures, folder / REPORT, console)
    if work.failures:
        cell, reason = next(iter(work.failures.items()))
        raise MtliteError(f"{len(work.failures)} cells failed, the first is {cell}: {reason}; the others are reported")
    return page


def prepared_experiment(
    recipe: dict[str, Any], ablation: AblationConfig, name: str, folder: Path, console: Console
) -> Experiment:
    """Read the corpus and train the tokenizer."""
    prepared = prepare(base_config(recipe, ablation.topologies[0]), console.print)
    return Experiment(name, recipe, ablation, prepared, folder)


def report_of_record(path: Path, folder: Path, console: Console) -> Path:
    """A report of what a record holds, with nothing else at hand."""
    record = Record(path)
    header = record.header()
    if header is None:
        raise UsageError(f"--record {path} not found: give a file that mtlite ablate has written")
    folder.mkdir(parents=True, exist_ok=True)
    return write_report(header, record.outcomes(header), {}, folder / REPORT, console)


def write_report(
    header: dict[str, Any], outcomes: dict[str, Outcome], failures: dict[str, str], folder: Path, console: Console
) -> Path:
    """Tables, pictures and the page; what is there stays until the new one is whole."""
    page = report(header, outcomes, failures, folder)
    console.print(f"report {page}")
    return page


def dry_run(values: dict[str, Any], name: str, folder: Path, console: Console) -> None:
    """List the cells with their weights and an estimated time; nothing is written."""
    recipe, ablation = read_ablation(values, name)
    experiment = prepared_experiment(recipe, ablation, name, folder, console)
    for line in data_report(experiment.prepared):
        console.print(line)
    from mtlite.ablation.matching import count_parameters

    plan, total, tuning = Plan(experiment, console.print), 0.0, tuning_cells_of(ablation)
    for system in systems_of(ablation):
        config = plan.config(system, ablation.seeds[0], {})
        seconds, budget = config.training.max_seconds, f"{config.training.max_seconds:g} seconds"
        if not seconds:
            seconds = seconds_per_update(experiment, config) * settled(config.training.max_updates)
            budget = f"{config.training.max_updates:,} updates"
        cells = [cell for cell in [*tuning, *cells_of(ablation)] if cell.system == system]
        total += seconds * len(cells)
        console.print(
            f"{system.name}: {count_parameters(experiment, config):,} weights, "
            f"{budget}, about {seconds / 60:.1f} min each: {', '.join(cell.name for cell in cells)}"
        )
    number = len(tuning) + len(cells_of(ablation))
    console.print(f"{number} cells, about {total / 60:.0f} min one after the other, validations not counted")


class Work:
    """What is done of an ablation, and what is to be done.

    Args:
        experiment: what the cells share.
        header: the same for a record.
        record: where finished cells are added, or None.
        at_once: cells that run side by side.
        console: where progress is shown.
    """

    def __init__(
        self, experiment: Experiment, header: dict[str, Any], record: Record | None, at_once: int, console: Console
    ) -> None:
        self.experiment, self.header, self.record = experiment, header, record
        self.at_once, self.console = at_once, console
        self.plan = Plan(experiment, console.print)
        self.outcomes: dict[str, Outcome] = {}
        self.failures: dict[str, str] = {}
        self.recorded: dict[str, Outcome] = {}
        if record:
            self.recorded = record.outcomes(header)
            record.write_header(header)

    def train(self, cells: list[Cell]) -> None:
        """Train the cells that are not done."""
        missing = []
        for cell in cells:
            outcome = self.recorded.get(cell.name)
            if outcome is None:
                outcome = self._read(cell)
                if outcome is None:
                    missing.append(cell)
                    continue
                self._record(cell, outcome)
            self.outcomes[cell.name] = outcome
        if cells:
            self.console.print(f"{len(cells)} cells, {len(cells) - len(missing)} of them done")
        jobs = {cell.name: cell for cell in missing}
        ready = [self._job(cell) for cell in missing if not self._cannot_start(cell)]
        run_jobs(
            ready,
            self.at_once,
            lambda job: self._done(jobs[job.name]),
            lambda job, reason: self.failures.update({job.name: reason}),
            self.console,
        )

    def _cannot_start(self, cell: Cell) -> bool:
        """Note a cell whose options could not be chosen."""
        ablation = self.experiment.ablation
        if cell.tried is None and ablation.tune and not tried(ablation, cell.system, self.outcomes):
            self.failures[cell.name] = "no cell of its tuning was finished"
        return cell.name in self.failures

    def _chosen(self, cell: Cell) -> Point:
        if cell.tried is not None:
            return cell.tried
        return choice(self.experiment.ablation, cell.system, self.outcomes) or {}

    def _job(self, cell: Cell) -> Job:
        """Write down what a cell is to be trained with."""
        experiment, folder = self.experiment, self.experiment.folder
        config = self.plan.config(cell.system, cell.seed, self._chosen(cell))
        recipes = Run(folder / "recipes")
        recipes.path.mkdir(exist_ok=True)
        recipes.write_config(f"{cell.name}.yaml", config.to_dict())
        place, pair = self._place(cell), map(str, experiment.pair)
        beam = experiment.ablation.beam if cell.tried is None else 0
        place.parent.mkdir(exist_ok=True)
        recipe = str(recipes.path / f"{cell.name}.yaml")
        return Job(
            cell.name,
            "mtlite.ablation.cell",
            [recipe, str(place), "--pair", *pair, "--beam", str(beam), "--parent", str(os.getpid())],
            folder / "logs" / f"{cell.name}.log",
            place / "metrics.jsonl",
            settled(config.training.max_updates),
        )

    def _place(self, cell: Cell) -> Path:
        return self.experiment.folder / ("cells" if cell.tried is None else "tuning") / cell.name

    def _read(self, cell: Cell) -> Outcome | None:
        """What a cell came to; None if it is not done, or what it left is damaged and has to be made again."""
        try:
            return read_outcome(self._place(cell))
        except RunError as error:
            self.console.print(f"warning: {error}")
            return None

    def _done(self, cell: Cell) -> None:
        outcome = self._read(cell)
        if outcome is None:
            self.failures[cell.name] = "it ended without a result"
            return
        self._record(cell, outcome)
        self.outcomes[cell.name] = outcome

    def _record(self, cell: Cell, outcome: Outcome) -> None:
        if self.record:
            self.record.append(self.header["experiment"], cell.name, outcome)
