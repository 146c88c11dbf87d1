"""The section `ablation:` of a recipe: which cells there are, and what makes them comparable."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin, get_type_hints

from mtlite.config.options import CorpusConfig
from mtlite.config.recipe import options, unknown_option
from mtlite.config.registry import TOPOLOGIES, refuse_unsupported
from mtlite.errors import UsageError

MOST_CELLS = 1000
"""More are several ablations, or a slip of the pen."""

Grid = dict[str, list[Any]]
"""By option, such as `model.units`, the values that it takes in turn."""

OWN_LISTS = {"seed": "ablation.seeds", "model.topology": "ablation.topologies"}


@dataclass
class AblationConfig:
    """Which cells there are, and what makes them comparable.

    Args:
        topologies: The wirings to compare (default: all).
        seeds: Each system is trained once with each of them.
        grid: Options that take several values, such as {model.units: [128, 256]}; every combination is tried.
        baseline: The topology that the others are compared with (default: attention, or else the first one).
        match: What all systems have in common: layers and units (size), or the number of weights within 2 %
            (parameters), for which the units are chosen per topology.
        budget: What all systems may use: the same number of updates, or the same time on this machine (seconds; not
            reproducible).
        seconds: For the budget of seconds: what the updates of a cell may take (training.max_seconds).
        threads: Processor threads of a cell; part of the result, since sums depend on it in the last digits.
        beam: Translate the test sets a second time with a beam of this size, for a second column (0: do not).
        tune: Options to be chosen for every system on the dev set before its cells start, such as
            {training.learning_rate: [0.002, 0.004]}; every combination is tried.
        tune_seed: The seed that they are chosen with; it is not reported.
    """

    topologies: list[str] = field(default_factory=lambda: list(TOPOLOGIES))
    seeds: list[int] = field(default_factory=lambda: [1, 2, 3])
    grid: Grid = field(default_factory=dict)
    baseline: str | None = None
    match: Literal["size", "parameters"] = "size"
    budget: Literal["updates", "seconds"] = "updates"
    seconds: float = 0.0
    threads: int = 1
    beam: int = 0
    tune: Grid = field(default_factory=dict)
    tune_seed: int = 1000

    def to_dict(self) -> dict[str, Any]:
        """Plain values for YAML and JSON."""
        return dataclasses.asdict(self)


def ablation_config(values: Any, origin: str) -> AblationConfig:
    """The section of a recipe, checked.

    Args:
        values: what stands there.
        origin: where it comes from, for messages.

    Raises:
        UsageError: if it cannot be meant so.
    """
    hints = get_type_hints(AblationConfig)
    if not isinstance(values, dict):
        raise UsageError(f"{origin}: ablation: expected options such as {next(iter(hints))}, received {values!r:.80}")
    for name, value in values.items():
        if name not in hints:
            names = [f"ablation.{each}" for each in hints]
            raise UsageError(f"{origin}: {unknown_option(f'ablation.{name}', names, names)}")
        _refuse_other_kind(f"{origin}: ablation.{name}", hints[name], value)
    config = AblationConfig(**values)
    if config.baseline is None and config.topologies:
        config.baseline = "attention" if "attention" in config.topologies else config.topologies[0]
    try:
        check(config)
    except UsageError as error:
        raise UsageError(f"{origin}: {error}") from None
    return config


def _refuse_other_kind(name: str, kind: Any, value: Any) -> None:
    """Refuse a value of another type than its option has."""
    if kind == Grid:
        if not isinstance(value, dict) or not all(isinstance(each, list) for each in value.values()):
            raise UsageError(
                f"{name}: expected lists by option, as {{model.units: [128, 256]}}, received {value!r:.80}"
            )
    elif get_origin(kind) is list:
        inner = get_args(kind)[0]
        if not isinstance(value, list) or not all(type(each) is inner for each in value):
            example = "[attention, peek]" if inner is str else "[1, 2, 3]"
            raise UsageError(f"{name}: expected a list such as {example}, received {value!r:.80}")
    elif get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise UsageError(f"{name}: expected one of {', '.join(get_args(kind))}, received {value!r:.80}")
    else:
        kinds = get_args(kind) or ((int, float) if kind is float else (kind,))
        if type(value) not in kinds:
            raise UsageError(f"{name}: expected {'a number' if int in kinds else 'a name'}, received {value!r:.80}")


def check(config: AblationConfig) -> None:
    """Refuse what cannot be run.

    Raises:
        UsageError: what was expected and what was received.
    """
    lists: Grid = {"topologies": config.topologies, "seeds": config.seeds, **config.grid, **config.tune}
    for name, values in lists.items():
        if not values:
            raise UsageError(f"ablation.{name}: expected at least one value, received none: there would be no cells")
        if any(values.count(value) > 1 for value in values):
            raise UsageError(f"ablation.{name}: expected each value once, received {values}")
    for topology in config.topologies:
        refuse_unsupported(topology, {})
    cells = len(config.topologies) * (
        len(config.seeds) * _combinations(config.grid) + _combinations(config.grid) * _combinations(config.tune, 0)
    )
    if cells > MOST_CELLS:
        raise UsageError(
            f"{len(config.topologies)} topologies × {len(config.seeds)} seeds × {_combinations(config.grid):,} points "
            f"of the grid, with tuning, are {cells:,} cells: expected at most {MOST_CELLS:,}; split the recipe"
        )
    if config.baseline not in config.topologies:
        raise UsageError(
            f"ablation.baseline: expected one of {', '.join(config.topologies)}, received {config.baseline}"
        )
    for name in (*config.grid, *config.tune):
        _refuse_untunable(name)
    both = sorted(config.grid.keys() & config.tune.keys())
    if both:
        raise UsageError(f"ablation.tune: {both[0]} is in the grid, too: expected it in one of the two")
    if config.match == "parameters" and "model.units" in {**config.grid, **config.tune}:
        raise UsageError("ablation.match parameters chooses model.units: expected it neither in grid nor in tune")
    if min(config.seeds) < 0 or max(config.seeds) >= 2**31 - 1 or not 0 <= config.tune_seed < 2**31 - 1:
        raise UsageError("ablation.seeds, ablation.tune_seed: expected numbers from 0 to 2147483646")
    if config.tune and config.tune_seed in config.seeds:
        raise UsageError(f"ablation.tune_seed: expected a seed that is not reported, received {config.tune_seed}")
    if not 1 <= config.threads <= 4096:
        raise UsageError(f"ablation.threads: expected 1 to 4096, received {config.threads}")
    if not 0 <= config.beam <= 1000 or config.beam == 1:
        raise UsageError(f"ablation.beam: expected 0 (none) or 2 to 1000, received {config.beam}")
    if (config.budget == "seconds") != (config.seconds > 0) or not math.isfinite(config.seconds):
        raise UsageError(
            "ablation.budget, ablation.seconds: expected a number of seconds with the budget seconds, and only with it"
        )


def _combinations(grid: Mapping[str, list[Any]], of_nothing: int = 1) -> int:
    return math.prod(map(len, grid.values())) if grid else of_nothing


def _refuse_untunable(name: str) -> None:
    """Refuse an option that does not exist, or that all cells must share."""
    known = [option.name for option in options()]
    if name in OWN_LISTS:
        raise UsageError(f"ablation: {name} has a list of its own: expected {OWN_LISTS[name]}")
    if name not in known:
        near = difflib.get_close_matches(name, known, 3, 0.6)
        siblings = near or [each for each in known if each.startswith(name.split(".")[0] + ".")]
        raise UsageError(f"ablation: {unknown_option(name, siblings or known, known)}")
    if name in ("training.max_updates", "training.max_seconds"):
        raise UsageError(f"ablation: {name} is the budget, the same for all cells: expected other options")
    shared = ("data.", "tokenizer.", "search.", "training.threads", "training.patience")
    if name.startswith(shared):
        raise UsageError(f"ablation: {name} is the same in all cells: expected options of model or training")


def corpus_paths() -> set[str]:
    """The options that say where a corpus lies: they may differ between machines, its content may not."""
    return {f"data.{part.name}" for part in dataclasses.fields(CorpusConfig)} | {"data.tests"}
