"""Watch the memory of a long training: a small model on corpora/village, thousands of updates (Linux).

    python scripts/steady_memory.py --updates 10000

Prints the resident memory of the training process at every tenth of the way.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtlite.storage.run_directory import LOG
from mtlite.storage.training_log import read_training_log

ROOT = Path(__file__).resolve().parents[1]
SMALL = ["--model.units", "32", "--model.embedding_size", "16", "--model.layers", "1", "--training.batch_tokens", "400"]


def resident(process: int) -> float:
    """Megabytes."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def update_of(log: Path) -> int:
    """How far a training is."""
    return max((line.update for line in read_training_log(log)), default=0) if log.exists() else 0


def main() -> int:
    """Train, and print the memory on the way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=10_000, help="(default: 10000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        command = [
            sys.executable,
            str(ROOT / "scripts" / "train.py"),
            "scripts/recipes/village.yaml",
            "--run",
            str(run),
        ]
        command += [
            "--training.max_updates",
            str(options.updates),
            "--training.validate_every",
            str(options.updates // 10),
        ]
        with open(Path(folder) / "log", "wb") as log:
            process = subprocess.Popen([*command, *SMALL], cwd=ROOT, stdout=log, stderr=log)
        following = options.updates // 10
        while process.poll() is None:
            time.sleep(0.5)
            at = update_of(run / LOG)
            if at >= following and process.poll() is None:
                print(f"after {at:,} updates: {resident(process.pid):,.0f} MB", flush=True)
                following = (at * 10 // options.updates + 1) * options.updates // 10
        if process.returncode:
            print((Path(folder) / "log").read_text())
        return process.returncode


if __name__ == "__main__":
    raise SystemExit(main())
