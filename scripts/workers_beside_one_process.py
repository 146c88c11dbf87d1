"""Train with several workers of this machine and with one process, the same batches: their speeds and their weights.

    python scripts/workers_beside_one_process.py RECIPE --workers 2 --updates 160 --rounds 5

A worker has one thread; the process has as many threads, and as many batches an update, as there are workers. They
train in turns. The speed is that of the updates after the log's first report. The weights of the last round are
compared: the largest difference in a table, divided by the largest weight in it. Other options are given to both
trainings. Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from safetensors.numpy import load_file

from mtlite.storage.run_directory import LOG
from mtlite.storage.training_log import Reported, read_training_log

ROOT = Path(__file__).resolve().parents[1]


def train(command: list[str], run: Path) -> tuple[float, dict[str, np.ndarray]]:
    """Tokens a second, and the weights at the end.

    Raises:
        SystemExit: with what it said, if the training fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", "mtlite", "train", *command, "--run", str(run)],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    reports = [line for line in read_training_log(run / LOG) if isinstance(line, Reported)]
    tokens = sum(line.tokens for line in reports[1:])
    weights, state = load_file(run / "best.safetensors"), load_file(run / "last.safetensors")
    return tokens / (reports[-1].seconds - reports[0].seconds), {name: state[name] for name in weights}


def relative_difference(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> float:
    """The largest over all tables: of a table, its largest difference, divided by its largest weight."""
    differences = {name: np.max(np.abs(table - second[name])) for name, table in first.items()}
    return max(float(difference / np.max(np.abs(second[name]))) for name, difference in differences.items())


def main() -> int:
    """Train both in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe")
    parser.add_argument("--workers", type=int, default=2, help="(default: 2)")
    parser.add_argument("--updates", type=int, default=160, help="(default: 160)")
    parser.add_argument("--rounds", type=int, default=5, help="(default: 5)")
    arguments, options_of_both = parser.parse_known_args()
    common = [arguments.recipe, "--training.max_updates", str(arguments.updates)]
    common += ["--training.validate_every", str(arguments.updates), *options_of_both]
    count = str(arguments.workers)
    kinds = {
        f"{count} workers": ["--local-workers", count, "--training.threads", "1", "--training.accumulate", "1"],
        "one process": ["--training.threads", count, "--training.accumulate", count],
    }
    rates: dict[str, list[float]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, arguments.rounds + 1):
            weights = []
            for kind, options in kinds.items():
                rate, trained = train([*common, *options], Path(folder) / f"{kind.replace(' ', '-')}-{number}")
                rates[kind].append(rate)
                weights.append(trained)
                print(f"round {number}, {kind}: {rate:,.0f} tokens/s", flush=True)
    several, one = (median(found) for found in rates.values())
    print(f"medians: {' and '.join(f'{kind} {median(found):,.0f}' for kind, found in rates.items())} tokens/s", end="")
    print(f", ratio {several / one:.2f}")
    print(f"largest relative difference of weights: {relative_difference(*weights):.1e}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
