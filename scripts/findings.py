"""What records say beyond their tables: how wirings differ by length and word order, and along the dials of sweeps.py.

    python scripts/findings.py                      # prints the tables, draws the pictures

The sentences of a record are sorted by length, and by word order. In each bucket, and at each step of a dial, every
system is compared with the baseline as a report compares them on all sentences: the same scores, the same interval for
other sentences and other seeds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recipe_variants import trained_systems
from sweeps import CAPTIONS, DIALS, TOPOLOGIES, Dial

from mtlite.ablation.ablate import FinishedAblation, recorded_ablation
from mtlite.ablation.record import Record
from mtlite.comparison.systems import TrainedSystem
from mtlite.evaluation.metrics import label_of
from mtlite.evaluation.properties import sentence_properties
from mtlite.evaluation.references import first_of
from mtlite.evaluation.significance import ComparedPair, compare, judge
from mtlite.evaluation.statistics import SentenceStatistics, scores_of_sums
from mtlite.report.gather import gather

SCRIPTS = Path(__file__).resolve().parent
PICTURES = SCRIPTS.parent / ".pictures"
EDGES = {
    "twelve-village": (1, 5, 8, 11, 14, 17, 21, 25, 33),
    "twelve-multi30k": (1, 8, 10, 12, 14, 17, 21, 40),
}
"""By record, words of a source at which a bucket begins; the last one is where the last bucket ends."""
MOVED = (0, 1, 11, 21, 101)
"""The same for pairs of words in another order, in %: the buckets of a report."""
COLOURS = {
    **{"attention": "#0072b2", "ctc": "#d55e00", "peek": "#009e73", "encoder-decoder": "#cc79a7"},
    **{"many-to-one": "#e69f00", "padded": "#56b4e9", "vector-dense": "#808080", "aligned": "#000000"},
}
"""Of the systems that pictures show (Okabe and Ito 2008)."""
SHOWN = tuple(name for name in COLOURS if name != "aligned")
"""In the picture of lengths: the others lie among the last of these."""

DIALS_OF = {"dials.svg": ("pairs", "units"), "reordering.svg": ("places",)}
"""By picture, the dials that it shows."""

Statistics = Mapping[str, Mapping[int, SentenceStatistics]]
"""By system and seed."""


class Point(NamedTuple):
    """Systems compared in one place: on the sentences of like lengths, or at one step of a dial."""

    label: str
    at: float  # where it stands on the axis
    scores: dict[str, float]  # by system, mean over seeds
    pairs: dict[str, ComparedPair]  # by system, against the baseline


class Curves(NamedTuple):
    """How systems differ along an axis."""

    metric: str
    baseline: str
    systems: list[str]  # the best first
    points: list[Point]


@cache
def by_length(record: str) -> Curves:
    """All test sets of a record but those of other content, by the words of their sources."""
    header = recorded(record).header
    tests = [test for test in ("test", "test-long") if test in header.tests]
    words = [len(line.split()) for test in tests for line in header.sides[f"{test}.source"]]
    return in_buckets(record, tests, np.array(words), EDGES[record])


@cache
def by_word_order(record: str) -> Curves:
    """The first test set by how many pairs of linked words stand in the other order in the reference, in %."""
    header = recorded(record).header
    sides = header.sides["test.source"], first_of(header.references("test"))
    moved = sentence_properties(*sides, header.source_language, header.target_language).reordering
    return in_buckets(record, ["test"], np.array([-1 if share is None else share for share in moved]), MOVED)


@cache
def recorded(record: str) -> FinishedAblation:
    """An ablation."""
    return recorded_ablation(Record(SCRIPTS / "recipes" / f"{record}.jsonl.xz"))


def in_buckets(record: str, tests: Sequence[str], values: np.ndarray, edges: Sequence[int]) -> Curves:
    """The sentences of test sets, sorted into buckets by a value of each; those below the first edge are left out."""
    found = systems_of(record)
    statistics = {name: joined([system.statistics("greedy", test) for test in tests]) for name, system in found.items()}
    baseline = recorded(record).header.ablation.baseline_topology
    points = []
    for low, high in pairwise(edges):
        rows = np.flatnonzero((values >= low) & (values < high))
        some = {name: {seed: of_rows(each, rows) for seed, each in seeds.items()} for name, seeds in statistics.items()}
        label = f"{low}" if high == low + 1 else f"{low} to {high - 1}"
        points.append(compared(f"{label} ({len(rows):,})", float(values[rows].mean()), some, baseline, "bleu"))
    order = sorted(statistics, key=lambda name: -mean_score(statistics[name], "bleu"))
    return Curves("bleu", baseline, order, points)


def along(dial: Dial, records: Mapping[float, Path], baseline: str = "attention") -> Curves:
    """The test set of the record of each step; systems that are not in all of them are left out."""
    points = []
    for step, path in records.items():
        found = {system.name: system.statistics("greedy", "test") for system in trained_systems(path)}
        some = {name: found[name] for name in TOPOLOGIES if name in found}
        points.append(compared(f"{step:,}", step, some, baseline, dial.metric))
    last = points[-1].scores
    order = sorted(
        (name for name in last if all(name in point.scores for point in points)), key=lambda name: -last[name]
    )
    return Curves(dial.metric, baseline, order, points)


@cache
def with_itself(record: str, other: str) -> dict[str, ComparedPair]:
    """Every system of both records, the second record against the first one: all of them are one family."""
    first, second = (systems_of(name) for name in (record, other))
    common = [name for name in first if name in second]
    (pairs,) = judge([[compared_pair(first[name], second[name]) for name in common]])
    return dict(zip(common, pairs, strict=True))


def systems_of(record: str) -> dict[str, TrainedSystem]:
    """Those of a record by name."""
    found, _ = gather(recorded(record).header, recorded(record).outcomes)
    return {system.name: system for system in found}


def compared_pair(first: TrainedSystem, second: TrainedSystem) -> ComparedPair:
    """Two systems of one name."""
    both = {"first": first.statistics("greedy", "test"), "second": second.statistics("greedy", "test")}
    (pair,) = compare(both, "first", ["bleu"]).primary
    return pair


def compared(label: str, at: float, statistics: Statistics, baseline: str, metric: str) -> Point:
    """Every system with the baseline in one place."""
    pairs = {pair.second: pair for pair in compare(statistics, baseline, [metric]).primary}
    return Point(label, at, {name: mean_score(seeds, metric) for name, seeds in statistics.items()}, pairs)


def joined(tests: Sequence[Mapping[int, SentenceStatistics]]) -> dict[int, SentenceStatistics]:
    """By seed, the counts of several test sets as one."""
    return {
        seed: replace(
            each,
            counts={name: np.concatenate([test[seed].counts[name] for test in tests]) for name in each.counts},
            without_shifts=sum(test[seed].without_shifts for test in tests),
        )
        for seed, each in tests[0].items()
    }


def of_rows(statistics: SentenceStatistics, rows: np.ndarray) -> SentenceStatistics:
    """The counts of some sentences."""
    return replace(statistics, counts={name: counts[rows] for name, counts in statistics.counts.items()})


def mean_score(seeds: Mapping[int, SentenceStatistics], metric: str) -> float:
    """Over seeds, of all sentences together."""
    return mean(float(scores_of_sums(metric, each.counts[metric].sum(axis=0))) for each in seeds.values())


def table(found: Curves) -> tuple[list[str], list[list[str]]]:
    """Columns and rows: the score of the baseline at each point, then how far each system is from it."""
    first = [f"`{found.baseline}`: {label_of(found.metric)}"]
    first += [f"{point.scores[found.baseline]:.1f}" for point in found.points]
    others = [name for name in found.systems if name != found.baseline]
    rows = [[f"`{name}`: Δ", *(cell(point.pairs[name]) for point in found.points)] for name in others]
    return ["topology", *(point.label for point in found.points)], [first, *rows]


def cell(pair: ComparedPair) -> str:
    """A difference with half of its interval for other sentences and seeds, or for sentences alone with few seeds."""
    low, high = pair.difference.interval or pair.difference.sentence_interval
    return f"{pair.difference.effect:+.1f} ± {(high - low) / 2:.1f}".replace("-", "−")


def records_of(dial: Dial) -> dict[float, Path]:
    """Where the steps of a dial are recorded: in the folder of the sweeps, or beside it."""
    recipes = SCRIPTS / "recipes"
    folder = {CAPTIONS: recipes}
    return {step: folder.get(name, recipes / "sweeps") / f"{name}.jsonl.xz" for step, name in dial.steps.items()}


def is_recorded(dial: Dial) -> bool:
    """Whether all of its steps are."""
    return all(path.is_file() for path in records_of(dial).values())


def draw_lengths(path: Path) -> None:
    """BLEU over length, a panel for each record."""
    with panels(path, len(EDGES)) as (figure, grid):
        for axes, record in zip(grid, EDGES, strict=True):
            lines(axes, by_length(record), SHOWN)
            axes.set_xlabel("words of the source")
        grid[0].set_title("village: test and test-long", loc="left")
        grid[1].set_title("Multi30k: test", loc="left")
        grid[0].axvspan(16.5, EDGES["twelve-village"][-1] - 1, color="#f0f0f0", zorder=0)
        grid[0].text(17, 98, "longer than in training", color="#606060", fontsize=9)
        figure.legend(*grid[0].get_legend_handles_labels(), loc="outside right center", frameon=False)


def draw_word_order(path: Path) -> None:
    """BLEU over the share of pairs of words in another order, a panel for each record."""
    with panels(path, len(EDGES)) as (figure, grid):
        for axes, record, title in zip(grid, EDGES, ("village: test", "Multi30k: test"), strict=True):
            lines(axes, by_word_order(record), SHOWN)
            axes.set_xlabel("pairs of words in another order, %")
            axes.set_title(title, loc="left")
        figure.legend(*grid[0].get_legend_handles_labels(), loc="outside right center", frameon=False)


def draw_dials(path: Path, dials: Sequence[Dial]) -> None:
    """The score along each dial, a panel for each."""
    with panels(path, len(dials)) as (figure, grid):
        for axes, dial in zip(grid, dials, strict=True):
            curves = along(dial, records_of(dial))
            lines(axes, curves, TOPOLOGIES)
            axes.set_xlabel(dial.what)
            if dial.doubles:
                axes.set_xscale("log", base=2)
            axes.set_xticks([point.at for point in curves.points], [point.label for point in curves.points])
            axes.minorticks_off()
        figure.legend(*grid[0].get_legend_handles_labels(), loc="outside right center", frameon=False)


@contextmanager
def panels(path: Path, count: int) -> Iterator[tuple[Any, Any]]:
    """A figure and its panels side by side, which is written at the end."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    style: Any = {"font.size": 10, "svg.hashsalt": "mtlite", "axes.spines.top": False, "axes.spines.right": False}
    with matplotlib.rc_context(style):
        figure, grid = pyplot.subplots(1, count, figsize=(1.8 + 3.9 * count, 3.8), layout="constrained", squeeze=False)
        yield figure, grid[0]
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)


def lines(axes: Any, found: Curves, systems: Sequence[str]) -> None:
    """A line for each of some systems; the first ones are wider, so that they show beneath those that cover them."""
    at = [point.at for point in found.points]
    for name, width in zip(systems, np.linspace(3.2, 1.6, len(systems)), strict=True):
        scores = [point.scores[name] for point in found.points]
        axes.plot(at, scores, "o-", color=COLOURS[name], ms=width + 2.5, lw=width, label=name)
    axes.set_ylabel(label_of(found.metric))
    axes.set_ylim(bottom=0)


def main() -> None:
    """Print every table, and draw the pictures."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    curves = {f"{record}, words of the source": by_length(record) for record in EDGES}
    curves |= {f"{record}, % of pairs of words in another order": by_word_order(record) for record in EDGES}
    curves |= {dial.what: along(dial, records_of(dial)) for dial in DIALS.values() if is_recorded(dial)}
    for title, found in curves.items():
        columns, rows = table(found)
        print(title, *("  ".join(row) for row in [columns, *rows]), "", sep="\n")
    draw_pictures()


def draw_pictures() -> None:
    """Those of lengths and word order, and those of dials that are recorded."""
    draw_lengths(PICTURES / "by-length.svg")
    draw_word_order(PICTURES / "by-word-order.svg")
    for picture, names in DIALS_OF.items():
        dials = [DIALS[name] for name in names]
        if all(map(is_recorded, dials)):
            draw_dials(PICTURES / picture, dials)


if __name__ == "__main__":
    main()
