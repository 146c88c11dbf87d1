"""Make a folder with the splits of Multi30k (Elliott et al. 2016) from its text files, for the recipes.

    python corpora/multi30k.py FOLDER

FOLDER is one with train, val and test_2016_flickr in en, de and fr, one sentence a line, gzipped or not, as they
come from github.com/multi30k/dataset. The folder is written to corpora/multi30k; it is not part of this project.
"""

from __future__ import annotations

from pathlib import Path

from folders import Columns, Splits, lines_of, main

from mtlite.errors import MtliteError

SPLITS = {"train": "train", "validation": "val", "test": "test_2016_flickr"}
LANGUAGES = ("en", "de", "fr")


def read_split(folder: Path, name: str) -> Columns:
    """One split with a column per language that is there."""
    files = {language: f"{name}.{language}" for language in LANGUAGES}
    there = {each: file for each, file in files.items() if any(folder.glob(f"{file}*"))}
    columns = {language: lines_of(folder, file) for language, file in there.items()}
    if len(columns) < 2 or len({len(lines) for lines in columns.values()}) != 1:
        counts = {language: len(lines) for language, lines in columns.items()}
        raise MtliteError(f"{folder}: expected {name} in two languages or more, line by line; found lines {counts}")
    return columns


def read(folder: Path) -> dict[str, Splits]:
    """All splits."""
    return {"": {split: read_split(folder, name) for split, name in SPLITS.items()}}


if __name__ == "__main__":
    main(__doc__, "multi30k", read)
