"""Every topology on splits of SCAN, and the table beside the figures in print.

    python corpora/scan.py FOLDER
    python scripts/scan_splits.py --jobs 2

Each split is an ablation of its own in runs/scan, recorded beside the recipe; what is recorded is not done again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from recipe_variants import scores_table, study

IN_PRINT = {"simple": (99.8, 99.8), "length": (13.8, 20.8), "jump": (0.08, 1.2)}
"""By split, whole sequences that are right in Lake & Baroni (2018), in %: those of two LSTM layers of 200 units without
attention, and of the best of all their models."""

WHOSE = ("in print: 2 × 200 LSTM", "in print: best")
"""What these two are called in a table."""


def table(records: Mapping[str, Path]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows: by topology, exact match on each split, and what is in print."""
    columns, rows = scores_table(records, "exact-match")
    for at, whose in enumerate(WHOSE):
        rows.append([f"*{whose}*", *(f"{IN_PRINT[split][at]:g}" for split in records)])
    return columns, rows


if __name__ == "__main__":
    raise SystemExit(study(__doc__, "scan", "split", tuple(IN_PRINT), table))
