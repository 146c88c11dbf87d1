"""Which runs of an ablation a page shows: of each system the one that did best on the dev set."""

from __future__ import annotations

from pathlib import Path

from mtlite.ablation.cells import cells_of
from mtlite.ablation.header import HEADER, Header
from mtlite.errors import UsageError
from mtlite.notices import notice
from mtlite.storage.run_directory import LOG, Run
from mtlite.storage.training_log import Validated, read_training_log


def best_runs(folder: Path) -> dict[str, Run]:
    """By name of the system, its finished run with the best dev BLEU, ties by dev loss; in the order of the recipe.

    Systems without a finished run are left out, with a notice.
    """
    if not (folder / HEADER).is_file():
        raise UsageError(f"--ablation {folder}: expected the folder of an ablation, found no {HEADER} in it")
    found: dict[str, list[tuple[float, float, Run]]] = {}
    for cell in cells_of(Run(folder).read_json(HEADER, Header).ablation):
        runs = found.setdefault(cell.system.name, [])
        path = folder / "cells" / cell.name
        if path.is_dir() and Run(path).finished:
            runs.append((*_on_dev(run := Run.open(path)), run))
    if missing := [name for name, runs in found.items() if not runs]:
        notice(f"no finished run in {folder}, left out: {', '.join(missing)}")
    best = {name: max(runs, key=lambda each: each[:2])[2] for name, runs in found.items() if runs}
    if not best:
        raise UsageError(f"--ablation {folder}: expected finished runs in {folder / 'cells'}, found none")
    return best


def _on_dev(run: Run) -> tuple[float, float]:
    """Dev BLEU and the negative dev loss of the validation whose weights were kept."""
    lines = [line for line in read_training_log(run.path / LOG) if isinstance(line, Validated)]
    return max(((line.dev_bleu, -line.dev_loss) for line in lines), default=(0.0, float("-inf")))
