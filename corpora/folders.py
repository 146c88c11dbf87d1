"""What the scripts of this folder share: from the files of a corpus to folders that a recipe can name.

A folder is one that `datasets` writes with `save_to_disk`, with a column for each side and a split for each set.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import datasets

from mtlite.data.lines import read_lines
from mtlite.errors import MtliteError

Columns = dict[str, list[str]]
Splits = dict[str, Columns]
Read = Callable[[Path], Mapping[str, Splits]]
"""From the folder with the files to what is written: by name of a folder in it (empty: itself), its splits."""

SEED = 1


def lines_of(folder: Path, name: str) -> list[str]:
    """The lines of a file, gzipped or not; raise MtliteError if there is none."""
    for path in (folder / name, folder / f"{name}.gz"):
        if path.exists():
            return list(read_lines(path))
    raise MtliteError(f"{folder}: expected {name} or {name}.gz, found neither")


def columns_of(folder: Path, name: str, *columns: str) -> Columns:
    """The columns of a file with tabs; raise MtliteError if a line has another number of them."""
    rows = [line.split("\t") for line in lines_of(folder, name)]
    for number, row in enumerate(rows, 1):
        if len(row) != len(columns):
            raise MtliteError(
                f"{folder / name}, line {number}: expected {len(columns)} columns ({', '.join(columns)}), received "
                f"{len(row)}"
            )
    return {column: [row[at] for row in rows] for at, column in enumerate(columns)}


def set_aside(columns: Columns, count: int) -> tuple[Columns, Columns]:
    """All but `count` rows that are drawn at random, and these."""
    size = len(next(iter(columns.values())))
    drawn = set(random.Random(SEED).sample(range(size), count))

    def rows(aside: bool) -> Columns:
        return {
            name: [line for at, line in enumerate(lines) if (at in drawn) == aside] for name, lines in columns.items()
        }

    return rows(False), rows(True)


def main(description: str | None, name: str, read: Read) -> None:
    """The command line: a folder with files in, a new folder of that name in `corpora/`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, help="folder with the files")
    default = Path("corpora") / name  # where recipes look for it
    parser.add_argument("--output", type=Path, default=default, help="new folder to write (default: %(default)s)")
    options = parser.parse_args()
    if options.output.exists():
        parser.error(f"{options.output} exists: give another --output")
    try:
        found = read(options.files)
    except MtliteError as error:
        parser.error(str(error))
    datasets.disable_progress_bars()
    part = options.output.with_name(f"{options.output.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    for folder, splits in found.items():
        rows = {split: datasets.Dataset.from_dict(columns) for split, columns in splits.items()}
        datasets.DatasetDict(rows).save_to_disk(part / folder)
        print(f"{folder}: " * bool(folder) + ", ".join(f"{split}: {len(each):,}" for split, each in rows.items()))
    part.rename(options.output)
