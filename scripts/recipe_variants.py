"""Variants of an ablation recipe in turn, on several corpora or with several options: what such scripts share."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtlite.ablation.ablate import recorded_ablation
from mtlite.ablation.header import Header
from mtlite.ablation.record import Record
from mtlite.cli import main as mtlite
from mtlite.comparison.systems import TrainedSystem
from mtlite.errors import MtliteError
from mtlite.report.gather import gather, scored
from mtlite.report.tables import spread

RECIPES = Path(__file__).resolve().parent / "recipes"
ONE_SYSTEM = [
    *("--ablation.topologies", "[attention]", "--ablation.seeds", "[1, 2, 3]", "--ablation.beam", "5"),
    *("--ablation.threads", "1", "--training.precision", "float32", "--training.tensorboard", "false"),
]
"""Options that make a recipe for one training an ablation: of one system, three seeds, and one arithmetic."""
Table = Callable[[Mapping[str, Path]], tuple[list[str], list[list[str]]]]
"""From records by variant to columns and rows."""


def parse(
    description: str | None,
    folder: str,
    kind: str,
    names: Sequence[str],
    made_by: str,
    corpora: str | None = None,
) -> argparse.Namespace:
    """The command line: which variants, and where corpora, runs and records lie.

    Args:
        folder: what the folders are called, such as `tasks`.
        kind: what a variant is called, such as `task`.
        names: of all variants.
        made_by: what makes the folder with the corpora.
        corpora: what that folder is called, if not as the others.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = f"(default: {', '.join(names)})"
    parser.add_argument(f"--{kind}s", dest="names", nargs="+", choices=names, default=names, help=which)
    parser.add_argument(
        "--corpora", type=Path, default=Path("corpora") / (corpora or folder), help=f"made by {made_by}"
    )
    parser.add_argument("--runs", type=Path, default=Path("runs") / folder, help="where runs are kept")
    parser.add_argument("--records", type=Path, default=RECIPES / folder, help="where records are kept")
    parser.add_argument("--jobs", type=int, default=1, help="cells that run side by side (default: 1)")
    parser.add_argument("options", nargs="*", help="further options of mtlite ablate, after --")
    return parser.parse_args()


def ablate_each(
    options: argparse.Namespace, command_of: Callable[[str], Sequence[str | Path]]
) -> tuple[int, dict[str, Path]]:
    """Run the ablation of every variant, and give the code of the whole and the records that were begun, by variant.

    What is recorded is not done again. One that fails does not stop the others: its code is that of the whole; but a
    user who stops one stops all, and gets no records.

    Args:
        command_of: gives the recipe of a variant and what is changed in it, such as the options that name a corpus.
    """
    options.records.mkdir(parents=True, exist_ok=True)
    failed = 0
    for name in options.names:
        recipe, *changed = map(str, command_of(name))
        arguments = ["ablate", os.path.relpath(recipe), *changed, "--jobs", str(options.jobs)]
        arguments += ["--run", str(options.runs / name), "--record", str(record_of(options, name)), *options.options]
        code = mtlite(arguments)
        if is_stopped(code):
            return code, {}
        failed = failed or code
    records = {name: record_of(options, name) for name in options.names}
    return failed, {name: record for name, record in records.items() if is_begun(record)}


def is_stopped(code: int) -> bool:
    """Whether a signal has ended a command: Ctrl-C, or one from a batch system that needs the machine."""
    return code > 128


def study(description: str | None, name: str, kind: str, names: Sequence[str], table: Table) -> int:
    """The main program of a study of published corpora: runs its recipe on each, prints the table, gives the code."""
    options = parse(description, name, kind, names, f"corpora/{name}.py")
    recipe, folder = RECIPES / f"{name}.yaml", options.corpora
    code, records = ablate_each(options, lambda corpus: [recipe, "--data.train.pairs", folder / corpus])
    if not is_stopped(code):
        print_table(*table(records))
    return code


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A line a row."""
    print(*("  ".join(row) for row in [columns, *rows]), sep="\n")


def scores_table(records: Mapping[str, Path], metric: str, test: str = "test") -> tuple[list[str], list[list[str]]]:
    """Columns and rows: by system, its score on a test set of each variant, mean over seeds ± standard deviation."""
    found: dict[str, dict[str, str]] = {}
    for variant, path in records.items():
        for system in trained_systems(path):
            found.setdefault(system.name, {})[variant] = spread(system.scores("greedy", test, metric))
    rows = [[f"`{name}`", *(cells.get(variant, "–") for variant in records)] for name, cells in found.items()]
    return ["topology", *records], rows


def trained_systems(record: Path) -> list[TrainedSystem]:
    """The systems of a record, scored by the metrics of its recipe."""
    recorded = recorded_ablation(Record(record))
    return gather(recorded.header, scored(recorded.header, recorded.outcomes, {}))[0]


def header_of(record: Path) -> Header:
    """What a record says before its cells: test sets, references, the length of a pair."""
    return recorded_ablation(Record(record)).header


def record_of(options: argparse.Namespace, name: str) -> Path:
    """Where a variant is recorded."""
    return Path(options.records / f"{name}.jsonl.xz")


def is_begun(record: Path) -> bool:
    """Whether something is recorded; what is wrong with a broken record was said when its ablation failed."""
    try:
        return Record(record).header is not None
    except MtliteError:
        return False
