"""One HTML file that carries trained models and the program that runs them, and needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mtlite.config.registry import entry_of
from mtlite.errors import UsageError
from mtlite.languages import name_of
from mtlite.page.about import Said, about
from mtlite.page.compose import FOLDER, compose
from mtlite.page.measure import measure
from mtlite.page.model import pack_run
from mtlite.page.weights import Precision
from mtlite.storage.run_directory import Run
from mtlite.translation.loading import open_runs
from mtlite.visible import visible_line


class Wishes(NamedTuple):
    """How a page is to be."""

    precision: Precision = "bfloat16"
    measure: bool = False  # whether the loss by each precision is measured and stated
    title: str | None = None  # None: the languages
    text: str | None = None  # that stands in the box at first; None: a source of the first run's test set
    said: Said = Said()


def choose_runs(paths: Sequence[str], chosen: Mapping[str, Run]) -> dict[str, Run]:
    """By the name that a page calls it, each run: those that were chosen already, then the given directories.

    Everything that can be refused without TensorFlow is refused here.
    """
    runs: dict[str, Run] = {}
    given: list[tuple[str | None, str | Run]] = [*chosen.items(), *((None, path) for path in paths)]
    for wished, path in given:
        (run,) = open_runs([path]).runs
        if any(run.path.resolve() == other.path.resolve() for other in runs.values()):
            raise UsageError(f"{run.path} is given twice: give each run once")
        name = visible_line(wished or run.path.resolve().name)
        numbers = (f"{name} ({number})" for number in range(2, len(runs) + 3))
        runs[name if name not in runs else next(other for other in numbers if other not in runs)] = run
    for run in runs.values():
        _refuse_without_module(run.config.model.topology)
    return runs


def _refuse_without_module(topology: str) -> None:
    stem = entry_of(topology).path.partition(":")[0].rpartition(".")[2]
    if not (FOLDER / "engine/topologies" / f"{stem}.js").is_file():
        expected = f"a file engine/topologies/{stem}.js in {FOLDER}"
        raise UsageError(f"topology {topology} cannot run in a page: expected {expected} (README.md there says how)")


def make_page(runs: Mapping[str, Run], wishes: Wishes) -> str:
    """The HTML of a page with these runs, by name; raise RunError if one of them is damaged."""
    packed_runs = []
    for name, run in runs.items():
        packed_run = pack_run(run, wishes.precision)
        measured = measure(run) if wishes.measure else None
        told = {"name": name, "about": about(run, wishes.precision, measured, wishes.said)}
        packed_runs.append(packed_run._replace(description={**packed_run.description, **told}))
    first = next(iter(runs.values()))
    title, text = wishes.title, wishes.text
    if title is None:
        pairs = {(run.facts.source_language, run.facts.target_language) for run in runs.values()}
        source, target = next(iter(pairs))
        title = "Translation"
        if len(pairs) == 1 and source and target:
            title = f"{name_of(source)} → {name_of(target)}"
    if text is None:
        text = next(iter(first.read_side(f"{first.facts.tests[0]}.source")), "")
    return compose(title, packed_runs, text)
