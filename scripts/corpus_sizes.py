"""How does each wiring depend on the size of the corpus? Five topologies on parts of Multi30k, and the table.

    python corpora/multi30k.py FOLDER
    python scripts/corpus_sizes.py --jobs 2

Each size is an ablation of its own in runs/sizes, recorded beside the recipe; what is recorded is not done again. All
sizes have the same number of updates, dev and test set; each has a tokenizer of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from recipe_variants import RECIPES, STOPPED, ablate_each, parse, print_table, scores_table

RECIPE = RECIPES / "sizes.yaml"
SIZES = {"eighth": 3625, "quarter": 7250, "half": 14500, "whole": 29000}
"""By name, how many of the pairs."""


def main() -> int:
    """Train on each size, and print the table."""
    options = parse(__doc__, "sizes", "size", tuple(SIZES), "corpora/multi30k.py", corpora="multi30k")
    corpus = ["--data.train.pairs", str(options.corpora), "--data.train.most_pairs"]
    code, records = ablate_each(RECIPE, options, lambda size: [*corpus, str(SIZES[size])])
    if code != STOPPED:
        print_table(*table(records))
    return code


def table(records: Mapping[str, Path]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows: by topology, BLEU on the test set at each size."""
    (first, *sizes), rows = scores_table(records, "bleu")
    return [first, *(f"{SIZES[size]:,} pairs" for size in sizes)], rows


if __name__ == "__main__":
    raise SystemExit(main())
