r"""What does each trick of training bring, and cost? One attention model on Multi30k with each of them, and the table.

    python corpora/multi30k.py FOLDER
    mtlite train scripts/recipes/multi30k-en-de.yaml --data.train.dataset null --data.train.pairs corpora/multi30k \
      --run runs/multi30k-en-de-1
    mtlite distil runs/multi30k-en-de-1 -o corpora/multi30k-distilled.tsv
    python scripts/tricks.py --jobs 2
    python scripts/tricks.py --tricks none r-drop --records FOLDER --jobs 2 -- --ablation.seeds "[1, 2, 3]"

Tricks are compared on the dev set, as everything that is chosen. Each is an ablation of its own in runs/tricks,
recorded beside the recipe; what is recorded is not done again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import mean

from recipe_variants import RECIPES, ablate_each, is_stopped, parse, print_table, trained_systems

RECIPE = RECIPES / "tricks.yaml"
BASE = "none"
TRICKS = {
    BASE: [],
    "no-moving-average": ["--training.moving_average", "0"],
    "cycles": ["--training.cycles", "2"],
    "r-drop": ["--training.consistency", "3"],
    "word-dropout": ["--model.word_dropout", "0.1"],
    "bpe": ["--tokenizer.kind", "bpe"],
    "bpe-dropout": ["--tokenizer.kind", "bpe", "--tokenizer.sampling", "0.1"],
    "subword-sampling": ["--tokenizer.sampling", "0.3"],
    "four-heads": ["--model.attention_heads", "4"],
    "layer-normalization": ["--model.layer_normalization", "true"],
    "residual": ["--model.residual", "true"],
    "additive": ["--model.attention", "additive"],
    "distilled": ["--data.train.pairs", "corpora/multi30k-distilled.tsv"],
}
"""By name, the options that switch it on."""


def main() -> int:
    """Train with each trick, and print the table."""
    options = parse(__doc__, "tricks", "trick", tuple(TRICKS), "corpora/multi30k.py", corpora="multi30k")
    code, records = ablate_each(options, lambda trick: [RECIPE, *corpus_of(trick, options.corpora), *TRICKS[trick]])
    if not is_stopped(code):
        print_table(*table(records))
    return code


def corpus_of(trick: str, captions: Path) -> list[str]:
    """The options that name training pairs, unless the trick does, dev and test set."""
    sets = ["dev", "test"] if "--data.train.pairs" in TRICKS[trick] else ["train", "dev", "test"]
    return [part for name in sets for part in (f"--data.{name}.pairs", str(captions))]


def table(records: Mapping[str, Path]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows: by trick, dev BLEU, mean over seeds, what it gains, and how much longer its training takes."""
    found: dict[str, tuple[float, float]] = {}
    for trick, path in records.items():
        for system in trained_systems(path):
            runs = system.runs.values()
            found[trick] = mean(run.best[2] for run in runs), mean(run.training_seconds for run in runs)
    rows = []
    for trick, (bleu, seconds) in sorted(found.items(), key=lambda item: item[1][0], reverse=True):
        switch = f"`{' '.join(TRICKS[trick])}`" if TRICKS[trick] else ""
        row = [trick, switch, f"{bleu:.2f}", *([""] * 2)]
        if BASE in found and trick != BASE:
            row[3:] = f"{bleu - found[BASE][0]:+.2f}".replace("-", "−"), f"{seconds / found[BASE][1]:.2f} ×"
        rows.append(row)
    return ["trick", "option", "dev BLEU", "gain", "time"], rows


if __name__ == "__main__":
    raise SystemExit(main())
