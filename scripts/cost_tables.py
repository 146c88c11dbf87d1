"""The tables and the picture of `cost_of_workers.py`, from its record."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from cost_model import Grid, Network, fit, seconds_of_update, wire

RECORD = Path(__file__).resolve().parent / "cost-of-workers.json"
WORKERS, NODES, DRAWS = (1, 2, 4, 8, 16, 32, 64), (4, 8, 16, 32), 200
ACCUMULATE = (1, 8)
"""Batches of each worker in an update."""
GIGABITS, LATENCY = (1.0, 10.0), 50.0
ON_LOOPBACK, SIZES = (2, 3, 4), tuple(1 << power for power in (12, 16, 18, 20, 22, 24, 26))
FITTED = (1 << 16, 1 << 24)
"""Bytes for which two workers on loopback give latency and bandwidth; all other sizes and numbers check them."""
HOURS = (15, 30, 60, 120)  # of ticks
COLORS = "#d55e00", "#0072b2", "#808080"

Record = dict[str, Any]
Table = tuple[list[str], list[list[str]]]


def read(path: Path) -> Record:
    """What `cost_of_workers.py` has measured."""
    record: Record = json.loads(path.read_text(encoding="utf-8"))
    return record


def of_software(record: Record) -> Network:
    """What two workers on loopback take, each with a processor of its own."""
    two = record["loopback"]["2"]
    small, large = ((size, two[str(size)]) for size in FITTED)
    return fit(small, large)


def on_loopback(record: Record, workers: int, size: int) -> float:
    """Predicted seconds of a sum, where workers share the processors."""
    processors: int = record["processors"]
    return of_software(record).sum(size, workers) * max(1, workers / processors)


def speeds(record: Record, gigabits: Sequence[float], latency: float) -> dict[str, list[float]]:
    """By case, predicted tokens a second of each number of workers."""
    found = record["computation"]
    tokens, seconds = mean(found["tokens"]), found["seconds"]
    cases = {}
    for accumulate in ACCUMULATE:
        for each in gigabits:
            network = of_software(record).then(wire(each, latency))
            cases[f"{each:g} Gbit/s, accumulate {accumulate}"] = [
                workers * accumulate * tokens
                / seconds_of_update(network, seconds, found["parameters"], workers, accumulate)
                for workers in WORKERS
            ]  # fmt: skip
    return {**cases, "at no cost": [workers * tokens / mean(seconds) for workers in WORKERS]}


def workers_table(record: Record, gigabits: Sequence[float] = GIGABITS, latency: float = LATENCY) -> Table:
    """Tokens a second of one training."""
    cases = speeds(record, gigabits, latency)
    rows = zip(WORKERS, *cases.values(), strict=True)
    return ["workers", *cases], [[str(workers), *(f"{each:,.0f}" for each in row)] for workers, *row in rows]


def loopback_table(record: Record) -> Table:
    """Milliseconds of a sum, predicted and measured."""
    rows = []
    for size in SIZES:
        row = [f"{size >> 10:,} KB"]
        for workers in ON_LOOPBACK:
            guess, found = on_loopback(record, workers, size), record["loopback"][str(workers)][str(size)]
            is_fitted = workers == 2 and size in FITTED
            row += ["fitted" if is_fitted else f"{guess * 1e3:,.1f}", f"{found * 1e3:,.1f}"]
        rows.append(row)
    kinds = ("predicted", "measured")
    return ["gradients", *(f"{workers} workers, {kind}" for workers in ON_LOOPBACK for kind in kinds)], rows


def hours(grid: Grid) -> dict[str, list[float]]:
    """By case, hours of a grid on each number of nodes, and hours of work that failures cost."""
    without = grid._replace(between_failures=math.inf)
    cases = {"no failures": [without.run(nodes, 0)[0] for nodes in NODES]}
    for name, each in {"from a saved state": grid, "from the start": grid._replace(saved=None)}.items():
        ends, lost = zip(*(each.mean(nodes, DRAWS) for nodes in NODES), strict=True)
        cases |= {name: list(ends), f"lost, {name}": list(lost)}
    return cases


def grid_table(grid: Grid) -> Table:
    """Hours of a grid."""
    cases = hours(grid)
    rows = zip(NODES, *cases.values(), strict=True)
    return ["nodes", *cases], [[str(nodes), *(f"{each:.1f}" for each in row)] for nodes, *row in rows]


def draw(record: Record, path: Path) -> None:
    """One training on many workers, the check on loopback, a grid on nodes that fail."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    style: Any = {"font.size": 10, "svg.hashsalt": "mtlite", "axes.spines.top": False, "axes.spines.right": False}
    with matplotlib.rc_context(style):
        figure, (training, check, grid) = pyplot.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
        for at, (name, values) in enumerate(speeds(record, GIGABITS, LATENCY).items()):
            color = COLORS[at % len(GIGABITS)] if at < len(ACCUMULATE) * len(GIGABITS) else COLORS[-1]
            training.plot(WORKERS, values, "--" if at < len(GIGABITS) else "-", color=color, label=name)
        training.set(xlabel="workers", title="one training: tokens/s, predicted")
        for color, workers in zip(COLORS, ON_LOOPBACK, strict=True):
            found = [record["loopback"][str(workers)][str(size)] * 1e3 for size in SIZES]
            check.plot(SIZES, [on_loopback(record, workers, size) * 1e3 for size in SIZES], color=color)
            check.plot(SIZES, found, "o", color=color, label=f"{workers} workers")
        check.set(xlabel="bytes of gradients", title="loopback: ms, predicted (lines), measured")
        shown = {name: values for name, values in hours(Grid()).items() if "lost" not in name}
        for color, (name, values) in zip(reversed(COLORS), shown.items(), strict=True):
            grid.plot(NODES, values, "o-", color=color, label=name)
        grid.set(xlabel="nodes", title="a grid: hours, simulated")
        for axes, base in ((training, 2), (check, 10), (grid, 2)):
            axes.set_xscale("log", base=base)
            axes.set_yscale("log")
            axes.legend(frameon=False)
        for axes, ticks in ((training, WORKERS), (grid, NODES)):
            axes.set_xticks(ticks, map(str, ticks))
        grid.minorticks_off()
        grid.set_yticks(HOURS, map(str, HOURS))
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)
