"""Runs the cells of an ablation that are not done, and collects the outcomes of all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from mtlite.ablation.cell import read_outcome
from mtlite.ablation.cell_configs import stretched
from mtlite.ablation.cells import Cell, best_options, tuning_outcomes
from mtlite.ablation.experiment import Experiment
from mtlite.ablation.header import Header
from mtlite.ablation.jobs import Engine, Job, run_jobs
from mtlite.ablation.plan import Plan
from mtlite.ablation.record import Record
from mtlite.comparison.outcome import Outcome
from mtlite.errors import RunError
from mtlite.storage.run_directory import Run


class CellRunner:
    """Runs cells on an engine, and adds finished ones to the record."""

    def __init__(
        self, experiment: Experiment, header: Header, record: Record | None, engine: Engine, console: Console
    ) -> None:
        self.experiment, self.header, self.record = experiment, header, record
        self.engine, self.console = engine, console
        self.plan = Plan(experiment, console.print)
        self.outcomes: dict[str, Outcome] = {}
        self.failures: dict[str, str] = {}
        self.recorded = record.outcomes(header) if record else {}
        if record:
            record.add_header(header)

    def run(self, cells: Sequence[Cell]) -> None:
        """Run the cells that are neither in the record nor in the folder."""
        ablation = self.experiment.ablation
        for cell in cells:
            if cell.name in self.recorded:
                self.outcomes[cell.name] = self.recorded[cell.name]
            else:
                self._collect(cell)
        missing = {cell.name: cell for cell in cells if cell.name not in self.outcomes}
        if cells:
            self.console.print(f"{len(cells)} cells, {len(cells) - len(missing)} of them done")
        for name, cell in missing.items():
            if cell.tried is None and ablation.tune and not tuning_outcomes(ablation, cell.system, self.outcomes):
                self.failures[name] = "no cell of its tuning was finished"
        run_jobs(
            [self._job(cell) for name, cell in missing.items() if name not in self.failures],
            self.engine,
            lambda job: self._done(missing[job.name]),
            lambda job, reason: self.failures.update({job.name: reason}),
            self.console,
        )

    def _job(self, cell: Cell) -> Job:
        """Write down what a cell is to be trained with."""
        experiment, folder = self.experiment, self.experiment.folder
        best = best_options(experiment.ablation, cell.system, self.outcomes) if cell.tried is None else cell.tried
        config = self.plan.config(cell.system, cell.seed, best or {})
        config = stretched(config, cell.share_of_updates(experiment.ablation))
        recipes, run = Run(folder / "recipes"), self._folder(cell)
        recipes.path.mkdir(exist_ok=True)
        recipes.write_config(f"{cell.name}.yaml", config)
        run.parent.mkdir(exist_ok=True)
        beam = experiment.ablation.beam if cell.tried is None and not cell.doubled else 0
        arguments = ["--pair", *map(str, experiment.pair), "--beam", str(beam)]
        if ":" in cell.system.topology:  # from outside: the user has asked for it by name
            arguments += ["--topology", cell.system.topology]
        return Job(
            name=cell.name,
            module="mtlite.ablation.cell",
            recipe=recipes.path / f"{cell.name}.yaml",
            run=run,
            arguments=arguments,
            log=folder / "logs" / f"{cell.name}.log",
            updates=config.training.max_updates,
            threads=config.training.threads,
        )

    def _folder(self, cell: Cell) -> Path:
        kind = "tuning" if cell.tried is not None else "doubled" if cell.doubled else "cells"
        return self.experiment.folder / kind / cell.name

    def _collect(self, cell: Cell) -> None:
        """Keep the outcome of a cell if it is done; a damaged one has to be made again."""
        try:
            outcome = read_outcome(self._folder(cell))
        except RunError as error:
            self.console.print(f"warning: {error}: it is made again")
            return
        if outcome:
            self.outcomes[cell.name] = outcome
            if self.record:
                self.record.add(self.header, cell.name, outcome)

    def _done(self, cell: Cell) -> None:
        self._collect(cell)
        if cell.name not in self.outcomes:
            self.failures[cell.name] = "it ended without a result"
