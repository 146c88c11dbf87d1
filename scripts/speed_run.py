"""How little computation does a translation model need? Trainings that are to reach 37.5 BLEU on Multi30k's dev set.

    python corpora/multi30k.py FOLDER
    python scripts/speed_run.py --jobs 2
    python scripts/speed_run.py --attempts baseline --records FOLDER --jobs 2 -- --training.max_updates 2600

English to German, beam 5, raw and cased, three seeds, whose mean counts. All is chosen on the dev set; the test set is
reported beside it. Each attempt is an ablation of its own in runs/speed, recorded beside the recipe with the commit of
the code; what is recorded is not done again.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from statistics import mean

from recipe_variants import ONE_SYSTEM, RECIPES, ablate_each, header_of, is_stopped, parse, print_table, trained_systems

BAR = 37.5
"""BLEU on the dev set that an attempt has to reach."""
DEV, TEST = "validation", "test"
COMMITS = "commits.json"
ATTEMPTS: dict[str, list[str | Path]] = {
    "baseline": [RECIPES / "multi30k-en-de.yaml", "--data.train.dataset", "null"],
    "fast": [RECIPES / "multi30k-en-de-fast.yaml"],
}
"""By name, the recipe and its options."""
ALL_ALIKE = ["--data.tests", f"{{{DEV}: {{split: validation}}}}", *ONE_SYSTEM]


def main() -> int:
    """Train every attempt, and print the board."""
    options = parse(__doc__, "speed", "attempt", tuple(ATTEMPTS), "corpora/multi30k.py", corpora="multi30k")
    corpus = ["--data.train.pairs", options.corpora]
    code, records = ablate_each(options, lambda name: [*ATTEMPTS[name], *corpus, *ALL_ALIKE])
    if not is_stopped(code):
        commits = write_commits(options.records, records)
        print_table(*table(records, commits))
    return code


def write_commits(folder: Path, attempts: Mapping[str, Path]) -> dict[str, str]:
    """The commit of the code with which each attempt was recorded; those that are new have that of today."""
    path = folder / COMMITS
    known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    commits = {**dict.fromkeys(attempts, commit_of_today()), **known}
    path.write_text(json.dumps(commits, indent=2) + "\n", encoding="utf-8")
    return commits


def commit_of_today() -> str:
    """That of the code as it is; a dash outside a clone."""
    if shutil.which("git") is None:
        return "–"
    command = ["git", "-C", str(RECIPES), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "–"


def table(records: Mapping[str, Path], commits: Mapping[str, str]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows: by attempt, what it took, what it reached, and whether that counts."""
    rows = []
    for name, path in records.items():
        (system,) = trained_systems(path)
        runs, pair = [*system.runs.values()], header_of(path).pair
        tokens = mean(run.tokens or 0 for run in runs)
        flops = mean(run.flops_per_pair or 0 for run in runs) * tokens / sum(pair)
        dev, test = (system.scores("beam", each, "bleu") for each in (DEV, TEST))
        rows.append(
            [
                *(name, max(run.facts.date or "–" for run in runs), f"`{commits[name]}`"),
                *(f"{tokens / 1e6:.2f}", f"{flops / 1e12:,.0f}"),
                f"{mean(run.training_seconds for run in runs) / 60:.1f}",
                *(f"{mean(dev):.2f} ({min(dev):.2f} – {max(dev):.2f})", f"{mean(test):.2f}"),
                "yes" if len(runs) >= 3 and mean(dev) >= BAR else "no",
            ]
        )
    columns = ["attempt", "date", "commit", "tokens, million", "TFLOP", "minutes, one thread", "dev BLEU", "test BLEU"]
    return [*columns, f"reaches {BAR}"], rows


if __name__ == "__main__":
    raise SystemExit(main())
