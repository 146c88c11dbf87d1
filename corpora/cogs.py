"""Make a folder from COGS (Kim & Linzen 2020): English sentences to logical forms.

    python corpora/cogs.py FOLDER

FOLDER has train.tsv, dev.tsv, test.tsv and gen.tsv, gzipped or not, as they come from github.com/najoungkim/COGS: a
sentence, its logical form and what kind of case it is, between tabs. The folder is written to corpora/cogs, with the
splits train, validation, test and generalisation; it is not part of this project.
"""

from __future__ import annotations

from pathlib import Path

from folders import Splits, columns_of, main

SPLITS = {"train": "train", "validation": "dev", "test": "test", "generalisation": "gen"}


def read(folder: Path) -> dict[str, Splits]:
    """All splits."""
    columns = ("source", "target", "kind")
    return {"": {split: columns_of(folder, f"{name}.tsv", *columns) for split, name in SPLITS.items()}}


if __name__ == "__main__":
    main(__doc__, "cogs", read)
