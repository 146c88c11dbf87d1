"""Kill a training with signal 9 at random moments, resume it, and compare its end with that of an undisturbed one.

    python scripts/kill_and_resume.py --kills 30

Every kill hits a new run of `mtlite train` on a small part of corpora/village, with everything on that has a state:
dropout, sampling, moving average, patience, accumulated batches. The moments are spread in turns over
the whole process, over the time from the first checkpoint on, and over the writing of checkpoints.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import multiprocessing.context
import os
import random
import sys
import tempfile
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtlite.storage.run_directory import LOG

ROOT = Path(__file__).resolve().parents[1]
SENTENCES = {"train": 300, "dev": 30, "test": 30}
OPTIONS: dict[str, Any] = {
    "tokenizer": {"vocabulary_size": 150, "sampling": 0.3},
    "model": {
        "topology": "attention",
        "layers": 1,
        "units": 16,
        "embedding_size": 8,
        "dropout": 0.2,
        "word_dropout": 0.1,
    },
    "training": {
        "max_updates": 160,
        "batch_tokens": 600,
        "accumulate": 2,
        "learning_rate": 0.01,
        "schedule": "cosine",
        "moving_average": 0.9,
        "validate_every": 20,
        "save_every": 3,
        "patience": 5,
    },
    "search": {"beam_size": 1},
}


def write_recipe(folder: Path, sentences: dict[str, int], options: dict[str, Any]) -> Path:
    """A recipe on the first sentences of corpora/village, with the corpus beside it."""
    data: dict[str, Any] = {}
    for name, count in sentences.items():
        files = {}
        for side, language in (("source", "en"), ("target", "de")):
            path = folder / f"{name}.{language}"
            lines = (ROOT / "corpora" / "village" / path.name).read_bytes().split(b"\n")[:count]
            path.write_bytes(b"\n".join(lines) + b"\n")
            files[side] = str(path)
        data[name] = files
    recipe = folder / "small.yaml"
    recipe.write_text(yaml.safe_dump({"data": data, **options}))
    return recipe


def command(arguments: list[str], output: Path) -> None:
    """`mtlite` with some arguments, in a process of its own; what it prints goes to a file."""
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    from mtlite.cli import main

    raise SystemExit(main(arguments))


def context() -> multiprocessing.context.ForkServerContext:
    """Where processes come from: a server that has TensorFlow loaded already, but not started."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["tensorflow", "keras", "datasets", "sentencepiece", "sacrebleu", "rich.progress"])
    return server


def start(arguments: list[str], output: Path) -> BaseProcess:
    """Start `mtlite`."""
    process = context().Process(target=command, args=(arguments, output))
    process.start()
    return process


def finish(arguments: list[str], output: Path) -> None:
    """Run `mtlite` to its end.

    Raises:
        RuntimeError: if it fails.
    """
    process = start(arguments, output)
    process.join()
    if process.exitcode:
        raise RuntimeError(f"mtlite {' '.join(arguments)} ended with {process.exitcode}:\n{output.read_text()}")


def without_times(values: Any) -> Any:
    """The same values without those that are named as times."""
    if isinstance(values, dict):
        return {
            name: without_times(value) for name, value in values.items() if name not in ("seconds", "tokens_per_second")
        }
    return values


def ending(run: Path) -> dict[str, str]:
    """The results of a run: a fingerprint for each of its results."""
    log = [without_times(json.loads(line)) for line in (run / LOG).read_text().splitlines()]
    results = {LOG: log, "result.json": without_times(json.loads((run / "result.json").read_text()))}
    contents = {name: json.dumps(values).encode() for name, values in results.items()}
    for name in ("best.safetensors", "last.safetensors", "hypotheses.txt"):
        contents[name] = (run / name).read_bytes()
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def being_written(run: Path) -> bool:
    """Whether a checkpoint is being written now, or waits for its name."""
    return any(run.glob("newest.safetensors*"))


def pause(process: BaseProcess, seconds: float) -> None:
    """Wait while a process runs."""
    until = time.monotonic() + seconds
    while process.is_alive() and time.monotonic() < until:
        time.sleep(0.005)


def wait_for(process: BaseProcess, path: Path) -> None:
    """Wait until a process has made a file."""
    while process.is_alive() and not path.exists():
        time.sleep(0.005)


def wait_for_checkpoint(process: BaseProcess, run: Path) -> None:
    """Wait until the next checkpoint is being written."""
    while process.is_alive() and not being_written(run):
        pass


def place_of(run: Path) -> str:
    """Where a run stood when it was killed."""
    if being_written(run):
        return "while a checkpoint was written"
    if (run / "hypotheses.txt").exists():
        return "while results were written"
    if not (run / "last.safetensors").exists():
        return "before the first checkpoint" if (run / "run.json").exists() else "before the run was made"
    lines = (run / LOG).read_bytes().count(b"\n")
    return f"after a checkpoint, with {lines} lines in the log"


def kill_and_resume(folder: Path, recipe: Path, kills: int, seed: int) -> int:
    """Kill and resume as many runs, and say how each ended.

    Returns:
        How many ended as the undisturbed one.
    """
    undisturbed, begin = folder / "undisturbed", time.monotonic()
    process = start(["train", str(recipe), "--run", str(undisturbed)], folder / "undisturbed.txt")
    wait_for(process, undisturbed / "last.safetensors")
    first_checkpoint = time.monotonic()
    process.join()
    if process.exitcode:
        raise RuntimeError((folder / "undisturbed.txt").read_text())
    seconds, training = time.monotonic() - begin, time.monotonic() - first_checkpoint
    expected = ending(undisturbed)
    print(f"undisturbed: {seconds:.1f} s, of these {training:.1f} s from the first checkpoint on", flush=True)
    draw, same, number = random.Random(seed), 0, 0
    while number < kills:
        run = folder / f"run-{draw.randrange(10**9)}"
        process = start(["train", str(recipe), "--run", str(run)], run.with_suffix(".txt"))
        if number % 3:
            wait_for(process, run / "last.safetensors")
        pause(process, draw.uniform(0, training if number % 3 else seconds))
        if number % 3 == 2:
            wait_for_checkpoint(process, run)
        process.kill()
        process.join()
        if process.exitcode == 0:
            continue  # it ended before: another one
        number += 1
        place = place_of(run)
        finish(["train", str(recipe), "--run", str(run), "--resume"], run.with_suffix(".txt"))
        found = ending(run)
        wrong = [name for name in expected if found[name] != expected[name]]
        same += not wrong
        print(f"kill {number}: {place}: {'differs in ' + ', '.join(wrong) if wrong else 'identical'}", flush=True)
    print(f"{same} of {kills} runs that were killed and resumed ended like the undisturbed one")
    return same


def main() -> int:
    """Kill and resume as often as asked; the exit code is 1 if a run ended otherwise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30, help="how many runs are killed (default: 30)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default: 1)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_HOME"] = folder
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        os.environ["PYTHONWARNINGS"] = "ignore:resource_tracker"  # a killed process cannot clean up
        recipe = write_recipe(Path(folder), SENTENCES, OPTIONS)
        return int(kill_and_resume(Path(folder), recipe, arguments.kills, arguments.seed) != arguments.kills)


if __name__ == "__main__":
    raise SystemExit(main())
