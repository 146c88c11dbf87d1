"""`mtlite runs`"""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mtlite.commands.parsing import Parser
from mtlite.config.options import DataConfig
from mtlite.errors import MtliteError, UsageError
from mtlite.storage.run_directory import CONFIG, FACTS, LOG, Run
from mtlite.storage.training_log import read_training_log
from mtlite.translation.result import read_result


class Row(NamedTuple):
    """One run directory; or, if it is damaged, what is wrong with it."""

    run: str
    topology: str = ""
    corpus: str = ""
    state: str = ""
    scores: str = ""
    size: str = ""
    problem: str = ""


def make_parser() -> Parser:
    """Its options."""
    parser = Parser("runs", "List the run directories in a folder and in the folders below it.")
    parser.add_argument("folder", nargs="?", default="runs", metavar="FOLDER", help="(default: runs)")
    return parser


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    if not Path(options.folder).is_dir():
        raise UsageError(f"folder {options.folder} not found: give one with run directories in it")
    rows = [row_of(path) for path in find(Path(options.folder))]
    if not rows:
        print(f"no run directory in {options.folder}: mtlite train makes one")
        return

    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("run", "corpus"):
        table.add_column(column, overflow="fold")
    for column in ("topology", "state"):
        table.add_column(column, no_wrap=True)
    for column in ("BLEU", "size"):
        table.add_column(column, no_wrap=True, justify="right")
    for row in rows:
        if not row.problem:
            table.add_row(row.run, row.corpus, row.topology, row.state, row.scores, row.size)
    if table.row_count:
        width = shutil.get_terminal_size((80, 24)).columns
        Console(width=width, markup=False, highlight=False).print(table)
    for row in rows:
        if row.problem:
            print(f"{row.run}: {row.problem}")


def find(folder: Path) -> Iterator[Path]:
    """Find run directories, by name."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        if FACTS in files or CONFIG in files:
            yield Path(place)


def row_of(path: Path) -> Row:
    """Read what a run directory says of itself."""
    run = Run(path)
    try:
        size = sum(each.lstat().st_size for each in path.rglob("*"))
        if not (path / FACTS).exists():
            return Row(str(path), state="preparing" if run.in_use else "not begun", size=_in_words(size))
        run = Run.open(path)
        scores = read_result(run).tests if run.finished else {}
        bleu = " ".join(f"{each.bleu.score:.1f}" for each in scores.values())
        return Row(str(path), run.config.model.topology, _corpus(run), _state(run), bleu, _in_words(size))
    except (MtliteError, OSError) as error:
        return Row(str(path), problem=" ".join(str(error).split()))


def _state(run: Run) -> str:
    if run.in_use:
        return "in training"
    if run.finished:
        return "finished"
    lines = read_training_log(run.path / LOG) if (run.path / LOG).exists() else []
    return f"stopped at {max((line.update for line in lines), default=0):,}"


def _corpus(run: Run) -> str:
    """The first training corpus, and the languages."""
    data: DataConfig = run.config.data
    first = data.train[0]
    name = first.dataset or Path(first.pairs or first.source or "").name.partition(".")[0]
    languages = run.facts.source_language, run.facts.target_language
    return " ".join([name, *(["→".join(map(str, languages))] if all(languages) else [])])


def _in_words(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
