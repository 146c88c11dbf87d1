"""Start trainings together on a corpus that is in no cache, kill some, and compare all with a lone start.

    python scripts/started_together.py --rounds 20 --starts 8 --kills 8

Every round has an empty cache, in which all trainings look for the prepared corpus at once. At random moments one of
them is killed with signal 9, and started again with --resume. In the end, every run must be that of a lone start.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kill_and_resume import command, ending, write_recipe

SENTENCES = {"train": 300, "dev": 20, "test": 20}
OPTIONS: dict[str, Any] = {
    "tokenizer": {"vocabulary_size": 150},
    "model": {"topology": "attention", "layers": 1, "units": 8, "embedding_size": 8},
    "training": {"max_updates": 12, "batch_tokens": 300, "validate_every": 6, "save_every": 2, "tensorboard": False},
    "search": {"beam_size": 1},
}


def train(recipe: Path, run: Path, cache: Path) -> None:
    """`mtlite train` with a cache of its own, in this process; what it prints goes to a file beside the run."""
    import datasets

    datasets.config.HF_DATASETS_CACHE = cache
    command(["train", str(recipe), "--run", str(run), "--resume"], run.with_suffix(".txt"))


def start(recipe: Path, run: Path, cache: Path) -> BaseProcess:
    """Start a training, or go on with it, in a process from a server that has TensorFlow loaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "keras", "datasets", "sentencepiece", "sacrebleu", "rich.progress"])
    process = context.Process(target=train, args=(recipe, run, cache))
    process.start()
    return process


def started_together(folder: Path, recipe: Path, starts: int, kills: int, draw: random.Random) -> list[Path]:
    """One round: the runs, when all of them have ended.

    Raises:
        RuntimeError: if a training that was not killed ends with an error.
    """
    runs = [folder / f"run-{number}" for number in range(starts)]
    processes = {run: start(recipe, run, folder / "cache") for run in runs}
    while any(process.is_alive() for process in processes.values()):
        time.sleep(draw.uniform(0.0, 2.0))
        alive = [run for run, process in processes.items() if process.is_alive()]
        if kills and alive:
            run, kills = draw.choice(alive), kills - 1
            processes[run].kill()
            processes[run].join()
            processes[run] = start(recipe, run, folder / "cache")
    for run, process in processes.items():
        process.join()
        if process.exitcode:
            raise RuntimeError(f"{run} ended with {process.exitcode}:\n{run.with_suffix('.txt').read_text()}")
    return runs


def main() -> int:
    """Start, kill and compare as often as asked; the exit code is 1 if a run ended otherwise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="each with an empty cache (default: 20)")
    parser.add_argument("--starts", type=int, default=8, help="trainings of a round (default: 8)")
    parser.add_argument("--kills", type=int, default=8, help="of a round, at random moments (default: 8)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default: 1)")
    parser.add_argument("--topology", default="attention", help="of all trainings (default: attention)")
    options = parser.parse_args()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["PYTHONWARNINGS"] = "ignore:resource_tracker"  # a killed process cannot clean up
    draw, same = random.Random(options.seed), 0
    with tempfile.TemporaryDirectory() as folder:
        model = {**OPTIONS["model"], "topology": options.topology}
        recipe = write_recipe(Path(folder), SENTENCES, {**OPTIONS, "model": model})
        (Path(folder) / "alone").mkdir()
        (alone,) = started_together(Path(folder) / "alone", recipe, 1, 0, draw)
        expected = ending(alone)
        for number in range(1, options.rounds + 1):
            place = Path(folder) / f"round-{number}"
            place.mkdir()
            runs = started_together(place, recipe, options.starts, options.kills, draw)
            equal = sum(ending(run) == expected for run in runs)
            same += equal
            print(f"round {number}: {equal} of {len(runs)} ended like the lone one", flush=True)
    whole = options.rounds * options.starts
    print(f"{same} of {whole} trainings that were started together ended like the lone one")
    return int(same != whole)


if __name__ == "__main__":
    raise SystemExit(main())
