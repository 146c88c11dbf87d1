"""Kill the chief or a worker of a training on several workers at random moments, and start all again.

    python scripts/workers_with_kills.py --kills 10 --workers 2

Every kill hits a new run of `mtlite train --local-workers N` with signal 9, the chief and a worker in turns. The others
must end within a minute. All are started again, and the run must end as the undisturbed one, bit for bit.
"""

from __future__ import annotations

import argparse
import copy
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kill_and_resume import OPTIONS, ROOT, SENTENCES, ending, write_recipe

MOST_SECONDS = 60


def start(recipe: Path, run: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a training; what it says goes to a file beside its run."""
    command = [sys.executable, "-m", "mtlite", "train", str(recipe), "--run", str(run), *arguments]
    with open(run.with_suffix(".txt"), "ab") as output:
        return subprocess.Popen(command, stderr=output, env={**os.environ, "PYTHONPATH": str(ROOT)})


def finish(process: subprocess.Popen[bytes], run: Path) -> None:
    """Wait for its end; raise RuntimeError if it fails."""
    if process.wait():
        raise RuntimeError(run.with_suffix(".txt").read_text())


def others(chief: int) -> list[int]:
    """The processes that a chief has started."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(chief)], capture_output=True, text=True, check=False)
    return [int(number) for number in found.stdout.split()]


def is_alive(process: int) -> bool:
    """Whether a process runs; one that has ended and that nobody waited for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(recipe: Path, run: Path, arguments: list[str], seconds: float, chief: bool) -> float | None:
    """Kill one process after a first saved state and so many seconds; give the seconds until all had ended."""
    process = start(recipe, run, *arguments)
    while process.poll() is None and not (run / "last.safetensors").exists():
        time.sleep(0.01)
    time.sleep(seconds)
    workers = others(process.pid)
    if process.poll() is not None or not workers:
        return None
    os.kill(process.pid if chief else random.choice(workers), signal.SIGKILL)
    begin = time.monotonic()
    process.wait()
    while any(map(is_alive, workers)):
        time.sleep(0.01)
    return time.monotonic() - begin


def kills(folder: Path, count: int, arguments: list[str], updates: int) -> int:
    """Kill and restart as often as asked; give how often all was well."""
    options = copy.deepcopy(OPTIONS)
    options["training"] |= {"max_updates": updates, "accumulate": 1, "threads": 1}
    recipe, undisturbed = write_recipe(folder, SENTENCES, options), folder / "undisturbed"
    process = start(recipe, undisturbed, *arguments)
    while process.poll() is None and not (undisturbed / "last.safetensors").exists():
        time.sleep(0.01)
    begin = time.monotonic()
    finish(process, undisturbed)
    training, expected, good, number = time.monotonic() - begin, ending(undisturbed), 0, 0
    while number < count:
        run = folder / f"run-{random.randrange(10**9)}"
        seconds = kill(recipe, run, arguments, random.uniform(0, training), chief=number % 2 == 0)
        if seconds is None:
            continue  # it ended before: another one
        number += 1
        finish(start(recipe, run, *arguments, "--resume"), run)
        wrong = [name for name, value in ending(run).items() if value != expected[name]]
        good += not wrong and seconds < MOST_SECONDS
        victim = "the chief" if number % 2 else "a worker"
        end = f"differs in {', '.join(wrong)}" if wrong else "identical"
        print(f"kill {number}: {victim}; all had ended after {seconds:.1f} s; {end}", flush=True)
    print(f"{good} of {count} runs ended like the undisturbed one")
    return good


def main() -> int:
    """Kill as often as asked; the exit code is 1 if a run ended otherwise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10, help="how many runs are killed (default: 10)")
    parser.add_argument("--workers", type=int, default=2, help="processes of a training (default: 2)")
    parser.add_argument("--updates", type=int, default=300, help="of a training (default: 300)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default: 1)")
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_HOME"] = folder
        local = ["--local-workers", str(arguments.workers)]
        return int(kills(Path(folder), arguments.kills, local, arguments.updates) != arguments.kills)


if __name__ == "__main__":
    raise SystemExit(main())
