"""Runs the cells of an ablation that are not done, and collects the outcomes of all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from mtlite.ablation.cell import read_outcome
from mtlite.ablation.cells import Cell
from mtlite.ablation.experiment import Experiment
from mtlite.ablation.header import Header
from mtlite.ablation.jobs import Job, run_jobs
from mtlite.ablation.plan import Plan
from mtlite.ablation.record import Record
from mtlite.ablation.tuning import best_options, tuning_outcomes
from mtlite.comparison.outcome import Options, Outcome
from mtlite.errors import RunError
from mtlite.storage.run_directory import LOG, Run


class CellRunner:
    """Runs cells, a few side by side."""

    def __init__(
        self, experiment: Experiment, header: Header, record: Record | None, jobs: int, console: Console
    ) -> None:
        self.experiment, self.header, self.record = experiment, header, record
        self.jobs, self.console = jobs, console
        self.plan = Plan(experiment, console.print)
        self.outcomes: dict[str, Outcome] = {}
        self.failures: dict[str, str] = {}
        self.recorded: dict[str, Outcome] = {}
        if record:
            self.recorded = record.outcomes(header)
            record.add_header(header)

    def run(self, cells: Sequence[Cell]) -> None:
        """Run the cells that are not done."""
        missing = {cell.name: cell for cell in cells if not self._done_before(cell)}
        if cells:
            self.console.print(f"{len(cells)} cells, {len(cells) - len(missing)} of them done")
        run_jobs(
            [self._job(cell) for cell in missing.values() if not self._cannot_start(cell)],
            self.jobs,
            lambda job: self._done(missing[job.name]),
            lambda job, reason: self.failures.update({job.name: reason}),
            self.console,
        )

    def _done_before(self, cell: Cell) -> bool:
        """Take the outcome of a cell from the record or from its folder, if it is there."""
        if cell.name in self.recorded:
            self.outcomes[cell.name] = self.recorded[cell.name]
        elif outcome := self._read(cell):
            self._keep(cell, outcome)
        return cell.name in self.outcomes

    def _cannot_start(self, cell: Cell) -> bool:
        """Note a cell whose options could not be chosen."""
        ablation = self.experiment.ablation
        if cell.tried is None and ablation.tune and not tuning_outcomes(ablation, cell.system, self.outcomes):
            self.failures[cell.name] = "no cell of its tuning was finished"
        return cell.name in self.failures

    def _chosen(self, cell: Cell) -> Options:
        if cell.tried is not None:
            return cell.tried
        return best_options(self.experiment.ablation, cell.system, self.outcomes) or {}

    def _job(self, cell: Cell) -> Job:
        """Write down what a cell is to be trained with."""
        experiment, folder = self.experiment, self.experiment.folder
        config = self.plan.config(cell.system, cell.seed, self._chosen(cell))
        recipes, run = Run(folder / "recipes"), self._folder(cell)
        recipes.path.mkdir(exist_ok=True)
        recipes.write_config(f"{cell.name}.yaml", config)
        run.parent.mkdir(exist_ok=True)
        beam = experiment.ablation.beam if cell.tried is None else 0
        arguments = [str(recipes.path / f"{cell.name}.yaml"), str(run), "--pair", *map(str, experiment.pair)]
        arguments += ["--beam", str(beam), "--parent", str(os.getpid())]
        if ":" in cell.system.topology:  # from outside: the user has asked for it by name
            arguments += ["--topology", cell.system.topology]
        log = folder / "logs" / f"{cell.name}.log"
        return Job(cell.name, "mtlite.ablation.cell", arguments, log, run / LOG, config.training.max_updates)

    def _folder(self, cell: Cell) -> Path:
        return self.experiment.folder / ("cells" if cell.tried is None else "tuning") / cell.name

    def _read(self, cell: Cell) -> Outcome | None:
        """The outcome of a cell; None if it is not done, or if it is damaged and has to be made again."""
        try:
            return read_outcome(self._folder(cell))
        except RunError as error:
            self.console.print(f"warning: {error}: it is made again")
            return None

    def _done(self, cell: Cell) -> None:
        outcome = self._read(cell)
        if outcome is None:
            self.failures[cell.name] = "it ended without a result"
        else:
            self._keep(cell, outcome)

    def _keep(self, cell: Cell, outcome: Outcome) -> None:
        self.outcomes[cell.name] = outcome
        if self.record:
            self.record.add(self.header, cell.name, outcome)
