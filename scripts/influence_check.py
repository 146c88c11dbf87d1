"""Check that the influence a page shows tells something: of the weights, and of the right source piece.

    python scripts/influence_check.py runs/village-1
    python scripts/influence_check.py runs/tasks/reverse-attention-1 --task reverse

With the numbers of every array of weights shuffled, the influence on the same translation must be another: a rank
correlation within ±0.3. `one-to-one` is the exception, since its wiring alone puts the influence on the diagonal. On a
task whose answer names the source piece of every written one, the piece with the largest influence must be that one in
95% of the positions. Only right answers count: elsewhere nobody knows what should have had influence.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtlite.runtime import start_tensorflow

ASK = Path(__file__).with_name("ask_models.mjs")
FIXED_BY_WIRING = ("one-to-one",)
MOST_CORRELATION = 0.3
LEAST_RIGHT = 0.95
END = "</s>"
PLACES = {
    "copy": lambda at, length: at,
    "cipher": lambda at, length: at,
    "reverse": lambda at, length: length - 1 - at,
}
"""Where the source piece of a written one stands, by task."""


def main() -> int:
    """Check every run; the exit code is 1 if the influence of one tells nothing, or the wrong thing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="finished run directories")
    parser.add_argument("--task", choices=PLACES, help="the runs learnt this task of corpora/tasks")
    parser.add_argument("--sentences", type=int, default=20, help="of the test set (default: 20)")
    options = parser.parse_args()
    start_tensorflow(0)
    return max([check(run, options.task, options.sentences) for run in options.runs])


def check(path: Path, task: str | None, sentences: int) -> int:
    """Check one run; gives the exit code."""
    from mtlite.page.model import write_folder
    from mtlite.storage.run_directory import Run

    run = Run(path)
    topology = run.config.model.topology
    lines, references = (run.read_side(f"test.{side}")[:sentences] for side in ("source", "target"))
    with tempfile.TemporaryDirectory() as folder:
        trained, shuffled = Path(folder) / "trained", Path(folder) / "shuffled"
        for each in (trained, shuffled):
            write_folder(run, each, "float32")
        shuffle_weights(shuffled)
        found = [answer["hypotheses"][0] | {"source": answer["source"]} for answer in
                 ask(trained, "translate", [[line] for line in lines])]  # fmt: skip
        pairs = [[each["source"]["ids"], each["ids"]] for each in found]
        maps, others = ([np.array(each) for each in ask(which, "influence", pairs)] for which in (trained, shuffled))
    correlation = mean_correlation(maps, others)
    fixed = topology in FIXED_BY_WIRING
    print(f"{path.name} ({topology}): rank correlation with shuffled weights {correlation:+.2f}", end="")
    print(" (fixed by the wiring)" if fixed else "", end="")
    failed = abs(correlation) >= MOST_CORRELATION and not fixed
    if task is not None:
        solved = [at for at, each in enumerate(found) if each["text"] == references[at]]
        right = [hit for at in solved for hit in hits(task, found[at], maps[at])]
        share = float(np.mean(right)) if right else 0.0
        print(f"; {len(solved)} of {len(lines)} answers right, their source piece found in {share:.1%} of", end="")
        print(f" {len(right)} positions", end="")
        failed |= share < LEAST_RIGHT
    print()
    return int(failed)


def ask(folder: Path, method: str, values: Sequence[list[Any]]) -> list[Any]:
    """The results of a method of the model in a folder, for each of the arguments."""
    questions = [{"folder": str(folder), "method": method, "arguments": each} for each in values]
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run(["node", str(ASK)], input=lines, capture_output=True, encoding="utf-8", check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    for answer in answers:
        if "error" in answer:
            raise SystemExit(f"{method}: {answer['error']}")
    return [answer["result"] for answer in answers]


def shuffle_weights(folder: Path) -> None:
    """Shuffle the numbers of every array: their distribution stays, what was learnt goes."""
    draw = np.random.default_rng(1)
    description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    weights = bytearray((folder / "weights.bin").read_bytes())
    for tensor in description["tensors"]:
        draw.shuffle(np.frombuffer(weights, np.float32, tensor["bytes"] // 4, tensor["offset"]))
    (folder / "weights.bin").write_bytes(weights)


def mean_correlation(maps: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> float:
    """The mean of Spearman's rank correlations between maps of the same sentences."""
    from scipy.stats import spearmanr

    able = [(a.ravel(), b.ravel()) for a, b in zip(maps, others, strict=True) if a.size > 1]
    return float(np.mean([spearmanr(a, b).statistic for a, b in able if np.ptp(a) and np.ptp(b)]))


def hits(task: str, found: dict[str, Any], influence: np.ndarray) -> list[bool]:
    """For each written symbol, whether its source piece has the largest influence of all but `</s>`."""
    length = len(found["source"]["ids"]) - 1
    written = [at for at, piece in enumerate(found["pieces"]) if piece != END]
    return [bool(influence[at, :length].argmax() == PLACES[task](at, length)) for at in written]


if __name__ == "__main__":
    raise SystemExit(main())
