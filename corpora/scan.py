"""Make folders from SCAN (Lake & Baroni 2018): commands such as `jump left twice` to the actions that they ask for.

    python corpora/scan.py FOLDER

FOLDER has the files tasks_train_*.tsv and tasks_test_*.tsv of one split or several, gzipped or not: a command and its
actions, between tabs. They are made of the text files of github.com/brendenlake/SCAN by taking `IN:` away and writing a
tab for ` OUT: `. For each split that is there, a folder is written to corpora/scan; they are not part of this project.
SCAN has no dev sets: 500 pairs of training are drawn for one.
"""

from __future__ import annotations

from pathlib import Path

from folders import Splits, columns_of, main, set_aside

from mtlite.errors import MtliteError

SPLITS = {
    "simple": "simple",
    "length": "length",
    "jump": "addprim_jump",
    "turn-left": "addprim_turn_left",
    "around-right": "template_around_right",
}
DEV = 500


def read(folder: Path) -> dict[str, Splits]:
    """By name, the splits that are there."""
    found: dict[str, Splits] = {}
    for name, file in SPLITS.items():
        if any(folder.glob(f"tasks_train_{file}.tsv*")):
            files = (f"tasks_{part}_{file}.tsv" for part in ("train", "test"))
            train, test = (columns_of(folder, each, "source", "target") for each in files)
            train, dev = set_aside(train, DEV)
            found[name] = {"train": train, "validation": dev, "test": test}
    if not found:
        raise MtliteError(f"{folder}: expected tasks_train_simple.tsv or another split of SCAN, found none")
    return found


if __name__ == "__main__":
    main(__doc__, "scan", read)
