"""How do wirings depend on the size of the corpus, on units, and on reordering? Five of them, turned dial by dial.

    python corpora/multi30k.py FOLDER
    python corpora/tasks/generate.py
    python scripts/sweeps.py --jobs 2

Each step of a dial is an ablation of its own in runs/sweeps, recorded beside the recipes; what is recorded is not done
again. One step of the first two dials is `twelve-multi30k`, whose record is there already. Pictures and tables:
findings.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from recipe_variants import RECIPES, ablate_each, is_stopped, parse, print_table, scores_table
from tasks import corpus_of

CAPTIONS = "twelve-multi30k"
"""The recipe of the first two dials, and the record that is one of their steps."""
TOPOLOGIES = ("aligned", "vector-dense", "encoder-decoder", "attention", "ctc")


class Dial(NamedTuple):
    """One thing that is changed, step by step, while all else stays."""

    what: str
    steps: dict[float, str]  # by the number on the dial, the name of its record
    metric: str = "bleu"
    doubles: bool = True  # a step is a multiple of the one before it


DIALS = {
    "pairs": Dial("training pairs", {3625: "pairs-3625", 7250: "pairs-7250", 14500: "pairs-14500", 29000: CAPTIONS}),
    "units": Dial("units", {96: "units-96", 192: CAPTIONS, 384: "units-384"}),
    "places": Dial(
        "places that words move, at most",
        {0: "copy", 1: "turn-2", 2: "turn-3", 4: "turn-5", 9: "reverse"},
        metric="exact-match",
        doubles=False,
    ),
}
STEPS = [name for dial in DIALS.values() for name in dial.steps.values() if name != CAPTIONS]


def main() -> int:
    """Train every step, and print the tables."""
    made_by = "corpora/multi30k.py and corpora/tasks/generate.py"
    options = parse(__doc__, "sweeps", "step", STEPS, made_by, corpora=".")
    code, records = ablate_each(options, lambda step: command_of(step, options.corpora))
    if not is_stopped(code):
        for dial in DIALS.values():
            if found := {step: records[name] for step, name in dial.steps.items() if name in records}:
                print_table(*table(dial, found))
    return code


def command_of(step: str, corpora: Path) -> list[str]:
    """The recipe of a step and its options."""
    dial, _, number = step.rpartition("-")
    if dial in ("pairs", "units"):
        captions = [str(RECIPES / f"{CAPTIONS}.yaml"), "--data.train.pairs", str(corpora / "multi30k")]
        changed = {"pairs": "--data.train.most_pairs", "units": "--model.units"}[dial]
        arguments = [*captions, changed, number, "--ablation.double_seed", "null", "--ablation.beam", "0"]
    else:
        task = [str(RECIPES / "tasks.yaml"), *corpus_of(corpora / "tasks" / step)]
        arguments = [*task, "--evaluation.metrics", "[exact-match]", "--training.precision", "float32"]
    return [*arguments, "--ablation.topologies", f"[{', '.join(TOPOLOGIES)}]", "--ablation.seeds", "[1, 2, 3]"]


def table(dial: Dial, records: Mapping[float, Path], test: str = "test") -> tuple[list[str], list[list[str]]]:
    """Columns and rows: by topology, the score on a test set at each step."""
    columns, rows = scores_table({f"{step:,}": path for step, path in records.items()}, dial.metric, test)
    return [f"{dial.what}:", *columns[1:]], rows


if __name__ == "__main__":
    raise SystemExit(main())
