"""What all cells of an ablation share, as its folder and its record state it: enough for a report."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mtlite.ablation.options import AblationConfig
from mtlite.comparison.outcome import Options
from mtlite.comparison.results import EvaluationSets
from mtlite.config.options import EvaluationConfig
from mtlite.config.read import plain, read_as
from mtlite.config.recipe import Values
from mtlite.errors import DamagedError, RunError, UsageError
from mtlite.storage.run_directory import Run

T = TypeVar("T")
HEADER = "experiment.json"


@dataclass(frozen=True, kw_only=True)
class Header(EvaluationSets):
    """What all cells share."""

    shared: Options  # options and checksums that must be equal for two cells to be of one ablation
    name: str  # of the recipe
    recipe: Values  # its sections without `ablation`
    ablation: AblationConfig
    pair: tuple[int, int]  # source and target tokens of an average training pair

    def check(self) -> None:
        super().check()
        _ = self.metrics

    @property
    def metrics(self) -> list[str]:
        """What the outputs are scored by, the one that verdicts are about first."""
        return list(read_as(EvaluationConfig, self.recipe.get("evaluation"), self.name, section="evaluation").metrics)

    def with_metrics(self, metrics: list[str]) -> Header:
        """The same with other metrics; raise UsageError if another one than was chosen before comes first."""
        if metrics[0] != self.metrics[0]:
            problem = f"expected {self.metrics[0]} first, which was chosen before the training, received {metrics[0]}"
            raise UsageError(f"evaluation.metrics: {problem}")
        evaluation = {**(self.recipe.get("evaluation") or {}), "metrics": metrics}
        return dataclasses.replace(self, recipe={**self.recipe, "evaluation": evaluation})

    @property
    def experiment(self) -> str:
        """One checksum for all that cells share."""
        return hashlib.sha256(json.dumps(self.shared, sort_keys=True).encode()).hexdigest()


def differences(expected: Options, received: Options) -> str:
    """What differs between two `shared`, in a few words."""
    names = [name for name in {**expected, **received} if expected.get(name) != received.get(name)]
    parts = [
        name if name.startswith("the ") else f"{name} ({expected.get(name)} here, {received.get(name)} there)"
        for name in names[:5]
    ]
    return ", ".join(parts) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def keep_header(folder: Path, header: Header) -> None:
    """Write down what this folder holds the cells of; raise UsageError if it holds others."""
    run = Run(folder)
    if (folder / HEADER).exists():
        try:
            kept = run.read_json(HEADER, Header)
        except DamagedError as error:
            raise RunError(f"{error}: if it is of another version of mtlite, give another --run") from None
        if kept.experiment != header.experiment:
            raise UsageError(
                f"{folder} holds another ablation; different are {differences(header.shared, kept.shared)}: "
                "give another --run"
            )
    run.write_json(HEADER, plain(header))


def joined(headers: Sequence[Header]) -> Header:
    """One header with every topology, seed and point of the grid that one of several starts asked for."""
    first, *others = headers
    ablation = first.ablation
    for other in (header.ablation for header in others):
        ablation = dataclasses.replace(
            ablation,
            topologies=_union(ablation.topologies, other.topologies),
            seeds=_union(ablation.seeds, other.seeds),
            grid={option: _union(values, other.grid.get(option, [])) for option, values in ablation.grid.items()},
            double_seed=ablation.double_seed if other.double_seed is None else other.double_seed,
        )
    return dataclasses.replace(first, ablation=ablation)


def _union(first: list[T], second: list[T]) -> list[T]:
    return [*first, *(value for value in second if value not in first)]
