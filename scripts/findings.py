"""What records say beyond their tables: how the wirings differ as sentences get longer.

    python scripts/findings.py                      # prints the tables, draws the picture

The sentences of a record are sorted by length. In each bucket, every system is compared with the baseline as a report
compares them on all sentences: the same scores, the same interval for other sentences and other seeds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtlite.ablation.ablate import recorded_ablation
from mtlite.ablation.record import Record
from mtlite.evaluation.significance import ComparedPair, compare
from mtlite.evaluation.statistics import SentenceStatistics, bleu_of_sums
from mtlite.report.gather import gather

SCRIPTS = Path(__file__).resolve().parent
PICTURE = SCRIPTS.parent / ".pictures" / "by-length.svg"
EDGES = {
    "twelve-village": (1, 5, 8, 11, 14, 17, 21, 25, 33),
    "twelve-multi30k": (1, 8, 10, 12, 14, 17, 21, 40),
}
"""By record, words of a source at which a bucket begins; the last one is where the last bucket ends."""
SHOWN = ("attention", "ctc", "peek", "encoder-decoder", "many-to-one", "padded", "vector-dense")
"""In the picture: the others lie among the last of these."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#808080")  # Okabe and Ito (2008)

Statistics = dict[str, dict[int, SentenceStatistics]]


class Bucket(NamedTuple):
    """The sentences of like lengths."""

    label: str  # words of the source
    sentences: int
    words: float  # of the source, on average
    bleu: dict[str, float]  # by system, mean over seeds
    pairs: dict[str, ComparedPair]  # by system, against the baseline


class ByLength(NamedTuple):
    """All buckets of a record."""

    baseline: str
    systems: list[str]  # best BLEU of all sentences first
    buckets: list[Bucket]


@cache
def by_length(record: str) -> ByLength:
    """All test sets of a record but those of other content, by the length of their sources."""
    recorded = recorded_ablation(Record(SCRIPTS / "recipes" / f"{record}.jsonl.xz"))
    header = recorded.header
    tests = [test for test in ("test", "test-long") if test in header.tests]
    found, _ = gather(header, recorded.outcomes)
    statistics = {system.name: joined([system.statistics("greedy", test) for test in tests]) for system in found}
    lengths = np.array([len(line.split()) for test in tests for line in header.sides[f"{test}.source"]])
    baseline = header.ablation.baseline_topology
    buckets = []
    for low, high in pairwise(EDGES[record]):
        rows = np.flatnonzero((lengths >= low) & (lengths < high))
        some = {name: {seed: of_rows(each, rows) for seed, each in seeds.items()} for name, seeds in statistics.items()}
        pairs = {pair.second: pair for pair in compare(some, baseline, ["bleu"]).primary}
        scores = {name: mean(map(bleu, seeds.values())) for name, seeds in some.items()}
        buckets.append(Bucket(f"{low} to {high - 1}", len(rows), float(lengths[rows].mean()), scores, pairs))
    order = sorted(statistics, key=lambda name: -mean(map(bleu, statistics[name].values())))
    return ByLength(baseline, order, buckets)


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


def bleu(statistics: SentenceStatistics) -> float:
    """Of all sentences together."""
    return float(bleu_of_sums(statistics.counts["bleu"].sum(axis=0)))


def table(record: str) -> tuple[list[str], list[list[str]]]:
    """Columns and rows: BLEU of the baseline by length, then how far each system is from it."""
    found = by_length(record)
    columns = ["topology", *(f"{bucket.label} ({bucket.sentences:,})" for bucket in found.buckets)]
    first = [f"`{found.baseline}`: BLEU", *(f"{bucket.bleu[found.baseline]:.1f}" for bucket in found.buckets)]
    others = [name for name in found.systems if name != found.baseline]
    return columns, [first, *([f"`{name}`: Δ", *(cell(each.pairs[name]) for each in found.buckets)] for name in others)]


def cell(pair: ComparedPair) -> str:
    """A difference with half of its interval for other sentences and seeds, or for sentences alone with few seeds."""
    low, high = pair.difference.interval or pair.difference.sentence_interval
    return f"{pair.difference.effect:+.1f} ± {(high - low) / 2:.1f}".replace("-", "−")


def draw(path: Path) -> None:
    """BLEU over length, a panel for each record."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import MultipleLocator

    titles = {"twelve-village": "village: test and test-long", "twelve-multi30k": "Multi30k: test"}
    style: Any = {"font.size": 10, "svg.hashsalt": "mtlite", "axes.spines.top": False, "axes.spines.right": False}
    with matplotlib.rc_context(style):
        figure, panels = pyplot.subplots(1, len(EDGES), figsize=(9.6, 3.8), layout="constrained")
        for axes, record in zip(panels, EDGES, strict=True):
            found = by_length(record)
            words = [bucket.words for bucket in found.buckets]
            for name, colour in zip(SHOWN, COLOURS, strict=True):
                axes.plot(words, [each.bleu[name] for each in found.buckets], "o-", color=colour, ms=4, label=name)
            axes.set_title(titles[record], loc="left")
            axes.set_xlabel("words of the source")
            axes.set_ylim(bottom=0)
            axes.xaxis.set_major_locator(MultipleLocator(5))
        panels[0].set_ylabel("BLEU")
        panels[0].axvspan(16.5, EDGES["twelve-village"][-1] - 1, color="#f0f0f0", zorder=0)
        panels[0].text(17, 98, "longer than in training", color="#606060", fontsize=9)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", frameon=False)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)


def main() -> None:
    """Print every table, and draw the picture."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for record in EDGES:
        columns, rows = table(record)
        print(record, *("  ".join(row) for row in [columns, *rows]), "", sep="\n")
    draw(PICTURE)


if __name__ == "__main__":
    main()
