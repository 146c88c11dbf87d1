"""Measure what a large corpus costs: preparation, memory, speed of training, and the second start (Linux).

    python scripts/growth.py --pairs 30000 500000 5000000

For each size a corpus of made-up words is written, trained on for a few updates from nothing, and then once more with
what the first start has left in the cache. Files and cache go into a folder of their own (--folder), which is left
there; about 1.5 GB for a million pairs. Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtlite.storage.run_directory import FACTS, LOG
from mtlite.storage.training_log import Reported, read_training_log

ROOT = Path(__file__).resolve().parents[1]
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ei", "ar", "on")]
WORDS, SHORTEST, LONGEST = 50_000, 4, 20
CHUNK = 100_000
MODEL = ["--model.units", "256", "--model.embedding_size", "128", "--model.layers", "1", "--model.dropout", "0.1"]
BUDGET = ["--training.batch_tokens", "3000", "--tokenizer.vocabulary_size", "4000", "--search.beam_size", "1"]


@dataclass
class Start:
    """The costs of one start.

    Args:
        preparation: seconds until the corpus is ready, TensorFlow not loaded yet.
        first_update: seconds until the first updates are done.
        tokens_per_second: of training, the median.
        preparing: megabytes of its own that the command took at most before the first update, its helpers included.
        training: the same from the first update on.
        mapped: the most megabytes of files that were mapped while it trained: what the system keeps of the corpus, the
            libraries and so on as long as nobody else needs the space.
    """

    preparation: float
    first_update: float
    tokens_per_second: float
    preparing: float
    training: float
    mapped: float


def words(random: np.random.Generator) -> np.ndarray:
    """Different made-up words of two to four syllables."""
    found: dict[str, None] = {}
    while len(found) < WORDS:
        found["".join(random.choice(SYLLABLES, random.integers(2, 5)))] = None
    return np.array(list(found))


def write_corpus(folder: Path, pairs: int) -> list[Path]:
    """Sentences of words that are as frequent as words are (Zipf 1949), and their translation word by word."""
    paths = [folder / f"{pairs}.{side}" for side in ("source", "target")]
    if all(path.exists() for path in paths):
        return paths
    random = np.random.default_rng(pairs)
    vocabularies = [words(random), words(random)]
    chances = 1 / np.arange(1, WORDS + 1)
    chances /= chances.sum()
    aside = [path.with_name(f"{path.name}.part") for path in paths]
    files = [open(path, "w", encoding="utf-8") for path in aside]  # noqa: SIM115 - closed below
    for start in range(0, pairs, CHUNK):
        lengths = random.integers(SHORTEST, LONGEST + 1, min(CHUNK, pairs - start))
        ids = random.choice(WORDS, lengths.sum(), p=chances)
        for file, vocabulary in zip(files, vocabularies, strict=True):
            sentences = np.split(vocabulary[ids], np.cumsum(lengths)[:-1])
            file.writelines(" ".join(sentence) + "\n" for sentence in sentences)
    for file, part, path in zip(files, aside, paths, strict=True):
        file.close()
        part.rename(path)
    return paths


def start(paths: list[Path], run: Path, folder: Path, updates: int) -> Start:
    """`mtlite train`, watched from outside.

    Raises:
        RuntimeError: if it fails.
    """
    command = [sys.executable, str(ROOT / "scripts" / "train.py"), "--run", str(run), *MODEL, *BUDGET]
    command += ["--data.train.source", str(paths[0]), "--data.train.target", str(paths[1]), "--data.held_out", "200"]
    command += ["--training.max_updates", str(updates), "--training.validate_every", str(updates)]
    environment = {**os.environ, "HF_HOME": str(folder / "cache")}
    log = run.with_suffix(".log")
    begin, prepared, first, preparing, training, mapped = time.monotonic(), 0.0, 0.0, 0.0, 0.0, 0.0
    with open(log, "wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=environment)
        while process.poll() is None:
            time.sleep(0.05)
            now = time.monotonic() - begin
            prepared = prepared or (now if (run / FACTS).exists() else 0.0)
            first = first or (now if (run / LOG).exists() and read_training_log(run / LOG) else 0.0)
            if first:
                training = max(training, memory(process.pid, "RssAnon"))
                mapped = max(mapped, memory(process.pid, "RssFile"))
            else:
                preparing = max(preparing, memory(process.pid, "RssAnon"))
    if process.returncode:
        raise RuntimeError(log.read_text())
    speeds = [line.tokens_per_second for line in read_training_log(run / LOG) if isinstance(line, Reported)]
    return Start(prepared, first, median(speeds[1:]), preparing, training, mapped)


def memory(process: int, kind: str) -> float:
    """Megabytes of a kind that a process and its descendants have now; 0 for those that have ended meanwhile."""
    folder = Path(f"/proc/{process}")
    try:
        lines = (folder / "status").read_text().splitlines()
        children = (folder / "task" / str(process) / "children").read_text().split()
    except OSError:
        return 0.0
    own = next((int(line.split()[1]) / 1024 for line in lines if line.startswith(kind)), 0.0)
    return own + sum(memory(int(child), kind) for child in children)


def main() -> int:
    """Measure every size twice, and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, nargs="+", default=[30_000, 500_000, 5_000_000], help="sizes, in pairs")
    parser.add_argument("--updates", type=int, default=400, help="of each training (default: 400)")
    parser.add_argument("--folder", type=Path, default=Path("runs/growth"), help="(default: runs/growth)")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    print("| pairs | preparation | pairs a minute | first updates after | tokens/s | ", end="")
    print("memory before training | in training | mapped files |", flush=True)
    print("|---|--:|--:|--:|--:|--:|--:|--:|", flush=True)
    for pairs in options.pairs:
        paths = write_corpus(options.folder, pairs)
        for what in ("first start", "second start"):
            run = options.folder / f"{pairs}-{what.split()[0]}-{time.time_ns()}"
            found = start(paths, run, options.folder, options.updates)
            print(
                f"| {pairs:,}, {what} | {found.preparation:,.1f} s | {60 * pairs / found.preparation:,.0f} | "
                f"{found.first_update:,.1f} s | {found.tokens_per_second:,.0f} | "
                f"{found.preparing:,.0f} MB | {found.training:,.0f} MB | {found.mapped:,.0f} MB |",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
