"""The section `ablation:` of a recipe: which cells there are, and what makes them comparable."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from mtlite.config.read import Between, Count, shown, unknown_option
from mtlite.config.recipe import options
from mtlite.config.registry import TOPOLOGIES, entry_of
from mtlite.errors import UsageError

MOST_CELLS = 1000  # more are several ablations, or a slip of the pen
Grid = dict[str, list[Any]]
"""By option, such as `model.units`, the values that it takes in turn."""
Seed = Annotated[int, Between(0, 2**31 - 2)]
_OWN_LISTS = {"seed": "ablation.seeds", "model.topology": "ablation.topologies"}
_SHARED = ("data.", "tokenizer.", "search.", "training.threads", "training.patience")


@dataclass(frozen=True)
class AblationConfig:
    """Which cells there are, and what makes them comparable.

    Args:
        topologies: The wirings to compare (default: all).
        seeds: Each system is trained once with each of them.
        grid: Options that take several values, such as {model.units: [128, 256]}; every combination is tried.
        baseline: The topology that the others are compared with (default: attention, or else the first one).
        primary: The test sets that the verdicts are about, chosen before the training: their comparisons with the
            baseline are one family, and the report calls those on the others secondary (default: all test sets).
        match: What all systems have in common: layers and units (size), or the number of weights within 2%
            (parameters), for which the units are chosen per topology.
        threads: Processor threads of a cell; part of the result, as `training.threads` is.
        beam: Translate the test sets a second time with a beam of this size, for a second column (0: do not).
        tune: Options to be chosen for every system on the dev set before its cells start, such as
            {training.learning_rate: [0.002, 0.004]}; a topology that cannot have one of them goes without it.
        tune_trials: How many combinations each system tries, spread evenly over all by a Sobol sequence (0: every one).
        tune_updates: Share of the updates that a trial is trained with, its schedule shortened to them.
        tune_seed: The seed of the trials; it is not reported.
        double_seed: One of the seeds, with which each system is trained once more, anew, with twice the updates and its
            schedule stretched over them; the report shows what it gains by that (default: none, and nothing is said
            about convergence).
    """

    MOVED: ClassVar[dict[str, str]] = dict.fromkeys(
        ("budget", "seconds"), "all cells have one number of updates: leave it out, and give training.max_updates"
    )

    topologies: list[str] = field(default_factory=lambda: list(TOPOLOGIES))
    seeds: list[Seed] = field(default_factory=lambda: [1, 2, 3])
    grid: Grid = field(default_factory=dict)
    baseline: str | None = None
    primary: list[str] = field(default_factory=list)
    match: Literal["size", "parameters"] = "size"
    threads: Annotated[int, Between(1, 4096)] = 1
    beam: Annotated[int, Between(0, 1000)] = 0
    tune: Grid = field(default_factory=dict)
    tune_trials: Count = 0
    tune_updates: Annotated[float, Between(0.01, 1)] = 1.0
    tune_seed: Seed = 1000
    double_seed: Seed | None = None

    @property
    def baseline_topology(self) -> str:
        """The topology that the others are compared with."""
        return self.baseline or ("attention" if "attention" in self.topologies else self.topologies[0])

    def refuse_unknown_primary(self, tests: Collection[str]) -> None:
        """Raise UsageError unless every primary test set is one of those that the recipe has."""
        for name in self.primary:
            if name not in tests:
                raise UsageError(f"ablation.primary: expected some of {', '.join(tests)}, received {shown(name)}")

    def check(self) -> None:
        lists: Grid = {"topologies": self.topologies, "seeds": self.seeds, **self.grid, **self.tune}
        for name, values in lists.items():
            if not values:
                raise UsageError(f"ablation.{name}: expected at least one value, received none: there are no cells")
            if len(values) > MOST_CELLS:
                raise UsageError(f"ablation.{name}: expected at most {MOST_CELLS:,} values, received {len(values):,}")
            if any(values.count(value) > 1 for value in values):
                raise UsageError(f"ablation.{name}: expected each value once, received {str(values)[:200]}")
        for topology in self.topologies:
            entry_of(topology)
        if self.baseline_topology not in self.topologies:
            raise UsageError(
                f"ablation.baseline: expected one of {', '.join(self.topologies)}, received {shown(self.baseline)}"
            )
        if self.beam == 1:
            raise UsageError("ablation.beam: expected 0 (none) or 2 to 1000, received 1: cells search greedily anyway")
        self._check_number()
        if self.double_seed is not None and self.double_seed not in self.seeds:
            seeds = ", ".join(map(str, self.seeds))
            raise UsageError(
                f"ablation.double_seed: expected one of ablation.seeds ({seeds}), received {self.double_seed}"
            )
        self._check_varied_options()

    def _check_number(self) -> None:
        points = math.prod(map(len, self.grid.values()))
        every = math.prod(map(len, self.tune.values())) if self.tune else 0
        if self.tune_trials > every:
            raise UsageError(
                f"ablation.tune_trials: expected at most {every:,}, the combinations of ablation.tune, received "
                f"{self.tune_trials:,}"
            )
        tried = self.tune_trials or every
        doubled = self.double_seed is not None
        cells = len(self.topologies) * points * (len(self.seeds) + tried + doubled)
        if cells > MOST_CELLS:
            raise UsageError(
                f"{len(self.topologies)} topologies × {len(self.seeds)} seeds × {points:,} points of the grid, with "
                f"tuning and doubling, are {cells:,} cells: expected at most {MOST_CELLS:,}; split the recipe"
            )

    def _check_varied_options(self) -> None:
        for name in (*self.grid, *self.tune):
            _refuse_option(name)
        if both := sorted(self.grid.keys() & self.tune.keys()):
            raise UsageError(f"ablation.tune: {both[0]} is in the grid, too: expected it in one of the two")
        if self.match == "parameters" and "model.units" in {**self.grid, **self.tune}:
            raise UsageError("ablation.match parameters chooses model.units: expected it neither in grid nor in tune")
        if self.tune and self.tune_seed in self.seeds:
            raise UsageError(f"ablation.tune_seed: expected a seed that is not reported, received {self.tune_seed}")


def _refuse_option(name: str) -> None:
    """Refuse an option that does not exist, or that all cells must share."""
    known = [option.name for option in options()]
    if name in _OWN_LISTS:
        raise UsageError(f"ablation: {name} has a list of its own: expected {_OWN_LISTS[name]}")
    if name not in known:
        near = difflib.get_close_matches(name, known, 3, 0.6)
        siblings = near or [each for each in known if each.startswith(name.split(".")[0] + ".")]
        raise UsageError(f"ablation: {unknown_option(name, siblings or known, known)}")
    if name in ("training.max_updates", "training.max_seconds"):
        raise UsageError(f"ablation: {name} is the budget, the same for all cells: expected other options")
    if name.startswith(_SHARED):
        raise UsageError(f"ablation: {name} is the same in all cells: expected options of model or training")
