"""`mtlite runs`"""

from __future__ import annotations

import argparse
from pathlib import Path

from mtlite.commands.listing import print_table
from mtlite.commands.parsing import Parser
from mtlite.errors import MtliteError, UsageError
from mtlite.storage.files import size_of
from mtlite.storage.run_directory import CONFIG, FACTS, LOG, Run
from mtlite.storage.training_log import read_training_log
from mtlite.visible import visible_line

_COLUMNS = ("run", "corpus", "topology", "state", "BLEU", "size")


def make_parser() -> Parser:
    """Its options."""
    parser = Parser("runs", "List the run directories in a folder and in the folders below it.")
    parser.add_argument("folder", nargs="?", default="runs", metavar="FOLDER", help="where to look (default: runs)")
    return parser


def run(options: argparse.Namespace) -> None:
    """Print a table, and a line for each run that is damaged."""
    if not Path(options.folder).is_dir():
        raise UsageError(f"folder {options.folder} not found: give one with run directories in it")

    rows, problems = [], []
    files = (file for name in (FACTS, CONFIG) for file in Path(options.folder).rglob(name))
    for path in sorted({file.parent for file in files}):
        try:
            rows.append(row_of(path))
        except (MtliteError, OSError) as error:
            problems.append(f"{path}: {' '.join(str(error).split())}")
    if rows:
        print_table(_COLUMNS, rows, long=("corpus",), right=("BLEU", "size"))
    if not rows and not problems:
        problems.append(f"no run directory below {options.folder}: mtlite train makes one")
    for problem in problems:
        print(visible_line(problem))


def row_of(path: Path) -> list[str]:
    """What a run directory says of itself; MtliteError or OSError if it is damaged."""
    from mtlite.translation.result import read_result

    size = f"{size_of(path) / 1e6:.1f} MB"
    if not (path / FACTS).exists():
        return [str(path), "", "", "in preparation" if Run(path).in_use else "stopped at 0", "", size]
    run = Run.open(path)
    first, languages = run.config.data.train[0], (run.facts.source_language, run.facts.target_language)
    file = Path(first.pairs or first.source or "")
    name = file.name.partition(".")[0]
    corpus = first.dataset or (file.parent.name if name == "train" and file.parent.name else name)
    bleu = " ".join(f"{each.bleu.score:.1f}" for each in (read_result(run).tests.values() if run.finished else []))
    pair = f" {languages[0]}→{languages[1]}" if all(languages) else ""
    return [str(path), f"{corpus}{pair}", run.config.model.topology, _state(run), bleu, size]


def _state(run: Run) -> str:
    if run.in_use or run.finished:
        return "in training" if run.in_use else "finished"
    lines = read_training_log(run.path / LOG) if (run.path / LOG).exists() else []
    return f"stopped at {max((line.update for line in lines), default=0):,}"
