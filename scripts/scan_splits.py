"""Every topology on splits of SCAN, and the table beside the figures in print.

    python corpora/scan.py FOLDER
    python scripts/scan_splits.py --jobs 2

Each split is an ablation of its own in runs/scan, recorded beside the recipe; what is recorded is not done again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from recipe_variants import scores_table, study

SPLITS = ("simple", "length", "jump")
IN_PRINT = {
    "in print: 2 × 200 LSTM": {"simple": 99.8, "length": 13.8, "jump": 0.08},
    "in print: best": {"simple": 99.8, "length": 20.8, "jump": 1.2},
}
"""Whole sequences that are right in Lake & Baroni (2018), in %: for two LSTM layers of 200 units without attention, and
for the best of all their models."""


def table(records: Mapping[str, Path]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows: by topology, exact match on each split, and what is in print."""
    columns, rows = scores_table(records, "exact-match")
    rows += [[f"*{whose}*", *(f"{figures[split]:g}" for split in records)] for whose, figures in IN_PRINT.items()]
    return columns, rows


if __name__ == "__main__":
    raise SystemExit(study(__doc__, "scan", "split", SPLITS, table))
