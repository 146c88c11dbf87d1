"""Did a change of the code change a number? Compare this checkout with another one.

    git worktree add ../before HEAD~1
    python scripts/same_values.py ../before

Both train the village recipe for 200 updates (float32, one thread, seed 1): the arrays of its checkpoints, the figures
of its log and scores, and its translations must be equal. Both report on every committed record: all figures of the
reports must be equal, times included, since a record holds them. With `--text`, the figures in the tables of report.md
must be equal, too: leave it out where a change moves columns. With `--kept`, what the other checkout makes stays in
that folder and is not made again.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file

ROOT = Path(__file__).resolve().parents[1]
TRAINING = (
    *("scripts/train.py", "scripts/recipes/village.yaml", "--seed", "1", "--training.precision", "float32"),
    *("--training.threads", "1", "--training.max_updates", "200", "--training.validate_every", "100"),
)
TIMES = {"seconds", "tokens_per_second"}
"""Names of figures that no two trainings share."""
SECTIONS = ("cells", "systems", "families", "likelihood", "breakdown")
"""Of results.json: those that hold figures."""
SHOWN = 100
"""Differences that are listed, at most."""
Values = dict[str, object]


def records(checkout: Path) -> dict[str, Path]:
    """Committed records by the recipe that they belong to, whatever their ending."""
    folder = checkout / "scripts" / "recipes"
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".yaml" and path.suffix != ".md"]
    return {str(path.relative_to(folder)).removesuffix("".join(path.suffixes)): path for path in sorted(files)}


def run(checkout: Path, *arguments: str) -> None:
    """A command of a checkout, with a cache of its own; one that fails is the end."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPATH": str(checkout), "HF_HOME": cache}
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{checkout}: {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")


def train(checkout: Path, folder: Path) -> Path:
    """The run directory of the training, made unless it is there."""
    made = folder / "village"
    if not (made / "result.json").is_file():
        run(checkout, *TRAINING, "--run", str(made))
    return made


def report(checkout: Path, folder: Path, name: str) -> Path:
    """The folder with the report of a record, made unless it is there."""
    made = folder / "reports" / name
    if not (made / "report" / "results.json").is_file():
        made.parent.mkdir(parents=True, exist_ok=True)
        run(checkout, "scripts/ablate.py", "--record", str(records(checkout)[name]), "--run", str(made))
    return made / "report"


def arrays(made: Path) -> Values:
    """Everything that the two checkpoints of a run hold, as bytes."""
    return {
        f"{file}: {name}": (array.dtype, array.shape, array.tobytes())
        for file in ("best.safetensors", "last.safetensors")
        for name, array in load_file(made / file).items()
    }


def scores(made: Path) -> Values:
    """Figures of the log and of the test sets, and every translation."""
    (log,) = made.glob("*.jsonl")
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    result = json.loads((made / "result.json").read_text(encoding="utf-8"))
    found: Values = dict(figures(lines, "log"))
    found |= figures(result["tests"], "result")
    for path in made.glob("hypotheses*"):
        translations = path.read_text(encoding="utf-8").splitlines()
        found |= {f"{path.name}, line {number}": line for number, line in enumerate(translations, 1)}
    return found


def reported(made: Path, text: bool) -> Values:
    """Figures of results.csv and results.json, and with the text those in the tables of report.md."""
    found: Values = {}
    with open(made / "results.csv", encoding="utf-8", newline="") as file:
        for number, cells in enumerate(csv.DictReader(file)):
            found |= {f"results.csv, row {number}, {column}": cell for column, cell in cells.items()}
    results = json.loads((made / "results.json").read_text(encoding="utf-8"))
    for section in SECTIONS:
        found |= figures(results.get(section), f"results.json, {section}", all_of_them=True)
    lines = (made / "report.md").read_text(encoding="utf-8").splitlines() if text else []
    rows = [line for line in lines if line.startswith("|")]
    for number, row in enumerate(rows):
        found |= {
            f"report.md, table row {number}, {at}": figure for at, figure in enumerate(re.findall(r"[\d.,]+", row))
        }
    return found


def figures(value: Any, place: str, all_of_them: bool = False) -> Iterator[tuple[str, object]]:
    """Every number, truth value and verdict in plain values, with its place; without times, unless all are wanted."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if all_of_them or name not in TIMES:
                yield from figures(inner, f"{place}, {name}", all_of_them)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from figures(inner, f"{place}, {number}", all_of_them)
    elif isinstance(value, (bool, int, float)) or place.endswith(", verdict"):
        yield place, value


def differences(name: str, before: Values, now: Values) -> list[str]:
    """Values that are not the same in both, or in one of them only."""
    absent = object()

    def shown(value: object) -> str:
        return "nothing" if value is absent else "other bytes" if isinstance(value, tuple) else repr(value)

    return [
        f"{name}: {place}: {shown(before.get(place, absent))} before, {shown(now.get(place, absent))} now"
        for place in {**before, **now}
        if before.get(place, absent) != now.get(place, absent)
    ]


def main() -> int:
    """Make what is missing, and compare; the exit code is 1 if something differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="the checkout to compare with")
    parser.add_argument("--kept", type=Path, help="keep what the other one makes in this folder, and use what is there")
    parser.add_argument("--parts", nargs="+", choices=("training", "reports"), default=("training", "reports"))
    parser.add_argument("--text", action="store_true", help="compare the tables of report.md, too")
    options = parser.parse_args()
    other = options.other.resolve()
    counts, different = {"arrays": 0, "figures": 0}, []
    with tempfile.TemporaryDirectory() as folder:
        here, there = Path(folder) / "now", (options.kept or Path(folder) / "before").resolve()
        for each in (here, there):
            each.mkdir(parents=True, exist_ok=True)
        compared: list[tuple[str, str, Values, Values]] = []
        if "training" in options.parts:
            before, now = train(other, there), train(ROOT, here)
            compared += [("arrays", "village", arrays(before), arrays(now))]
            compared += [("figures", "village", scores(before), scores(now))]
        if "reports" in options.parts:
            names = zip_longest(sorted(records(other)), sorted(records(ROOT)))
            for name, same in names:
                if name != same:
                    raise SystemExit(f"same_values.py: expected records of the same names, received {name} and {same}")
                before, now = report(other, there, name), report(ROOT, here, name)
                compared += [("figures", name, reported(before, options.text), reported(now, options.text))]
        for kind, name, old, new in compared:
            counts[kind] += len(new)
            different += differences(name, old, new)
    for line in different[:SHOWN]:
        print(line)
    if len(different) > SHOWN:
        print(f"… and {len(different) - SHOWN:,} more")
    print(", ".join(f"{count:,} {kind}" for kind, count in counts.items()) + (
        f": {len(different):,} differ" if different else ": all equal"))  # fmt: skip
    return int(bool(different))


if __name__ == "__main__":
    raise SystemExit(main())
