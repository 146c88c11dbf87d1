"""What do the seeds of a system write together? The test sets of ablations, translated by all seeds as one ensemble.

    python scripts/g2p_languages.py --jobs 2
    python scripts/ensembles.py runs/g2p/* --record scripts/recipes/g2p/ensembles.json.xz

An ensemble averages the probabilities of its models at each step of the search. Its hypotheses are written beside the
records of the ablations, by the name of each; the tables of these ablations have a column for them.
"""

from __future__ import annotations

import argparse
import json
import lzma
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtlite.errors import MtliteError

BEAM = 5
RECORD = "ensembles.json.xz"
"""What the record is called in the folder of the others."""


def main() -> None:
    """Translate, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", help="run directories of ablations of one system each")
    parser.add_argument(
        "--record", type=Path, required=True, help="where hypotheses are written, beside those of others"
    )
    options = parser.parse_args()
    cells = {folder.name: cells_of(folder) for folder in options.runs}
    for name, found in cells.items():
        if len({cell.name.rpartition("-seed-")[0] for cell in found}) != 1 or len(found) < 2:
            parser.error(f"{name}: expected the run directory of an ablation with several seeds of one system")
    try:
        written = read(options.record) | {name: translated(found) for name, found in cells.items()}
    except MtliteError as error:
        parser.error(str(error))
    options.record.write_bytes(lzma.compress(json.dumps(written, ensure_ascii=False).encode()))


def cells_of(ablation: Path) -> list[Path]:
    """The run directories of its seeds."""
    return sorted((ablation / "cells").glob("*-seed-*"))


def translated(cells: list[Path]) -> list[str]:
    """What they write together for the test set; raise RunError if one of them is not finished."""
    from mtlite.storage.run_directory import Run
    from mtlite.translation.translator import Translator

    translator = Translator.load(cells, {"beam_size": BEAM})
    return translator(Run(cells[0]).read_side("test.source"))


def recorded(folder: Path) -> dict[str, list[str]]:
    """By the name of an ablation, what its ensemble has written; empty if none is recorded."""
    return read(folder / RECORD)


def read(path: Path) -> dict[str, list[str]]:
    """A record, or nothing where there is none yet."""
    return json.loads(lzma.decompress(path.read_bytes())) if path.exists() else {}


if __name__ == "__main__":
    main()
