"""Train the cells of an ablation on several nodes, kill nodes and the driver, and compare the end with one process.

    python scripts/grid_with_kills.py ray --nodes 3 --node-kills 2 --driver-kills 1
    python scripts/grid_with_kills.py slurm --nodes 2 --node-kills 2

The nodes are processes of this machine on the loopback interface: a Ray cluster, or the local executor of submitit in
place of Slurm. Kills are signal 9, at random moments. With `--apart`, the nodes of Ray see no file of the driver. The
corpus is a small part of corpora/village.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kill_and_resume import write_recipe

from mtlite.config.registry import TOPOLOGIES

ROOT = Path(__file__).resolve().parents[1]
SENTENCES = {"train": 300, "dev": 30, "test": 30}
MODEL = {"layers": 1, "units": 16, "embedding_size": 8, "dropout": 0.2}
_STORE = 100 * 2**20  # bytes of a node's object store
_PATIENT = {"health_check_period_ms": 500, "health_check_failure_threshold": 20}
"""A dead node is noticed after ten seconds; one that is slow to answer, on a busy machine, is not taken for dead."""
Ending = tuple[list[dict[str, str]], dict[str, Any]]


def make_recipe(folder: Path, topologies: list[str], seeds: list[int], updates: int) -> Path:
    """A recipe of small cells that save their states often."""
    training = {"max_updates": updates, "batch_tokens": 600, "validate_every": max(1, updates // 4), "save_every": 2}
    options = {"tokenizer": {"vocabulary_size": 150}, "model": MODEL, "training": {**training, "tensorboard": False}}
    path = write_recipe(folder, SENTENCES, options)
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    values["ablation"] = {"topologies": topologies, "seeds": seeds, "beam": 2}
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def ending(run: Path) -> Ending:
    """CSV and JSON of a report without the columns that are named as times."""
    rows = list(csv.DictReader((run / "report" / "results.csv").read_text(encoding="utf-8").splitlines()))
    values = json.loads((run / "report" / "results.json").read_text(encoding="utf-8"))
    for row in [*rows, *values["cells"]]:
        for name in [name for name in row if name.startswith("time_")]:
            del row[name]
    return rows, values


def drive(arguments: argparse.Namespace) -> None:
    """In a process of its own: the ablation on an engine, and its report."""
    from mtlite.ablation.ablate import ablate, prepare_experiment
    from mtlite.ablation.jobs import Engine
    from mtlite.ablation.on_ray import RayEngine
    from mtlite.ablation.on_slurm import SlurmEngine
    from mtlite.ablation.processes import Processes
    from mtlite.config.recipe import read_recipe
    from mtlite.console import make_console
    from mtlite.report.report import report

    console, memory = make_console(), 2**28
    engine: Engine = Processes(1)
    if arguments.engine == "ray":
        engine = RayEngine(arguments.address, 1000, memory, True, console, shares=not arguments.apart)
    elif arguments.engine == "slurm":
        engine = SlurmEngine(arguments.nodes, memory, 600, True, console, cluster="local")
    experiment = prepare_experiment(read_recipe(arguments.recipe), "small.yaml", arguments.run, console)
    finished = ablate(experiment, engine, None, console)
    report(finished.header, finished.outcomes, finished.failures, arguments.run / "report", {})
    if finished.failures:
        raise SystemExit(str(finished.failures))


def start(arguments: argparse.Namespace, recipe: Path, run: Path, engine: str, address: str) -> subprocess.Popen[bytes]:
    """Start a driver; what it prints goes to a file beside its run."""
    command = [sys.executable, __file__, engine, "--drive", "--recipe", str(recipe), "--run", str(run)]
    command += ["--address", address, "--nodes", str(arguments.nodes), *(["--apart"] if arguments.apart else [])]
    with open(run.with_suffix(".txt"), "ab") as output:
        return subprocess.Popen(command, stdout=output, stderr=output)


class Nodes:
    """No cluster: the driver starts what it needs."""

    address = ""

    def __init__(self, run: Path) -> None:
        self.run = run

    def kill(self, draw: random.Random) -> str | None:
        """Kill one of the processes of submitit that run a cell; return which, or None if there is none now."""
        notes = sorted(self.run.glob("logs/*.process"))
        if not notes:
            return None
        note = draw.choice(notes)
        try:
            process = json.loads(note.read_text())["process"]
            status = Path(f"/proc/{process}/status").read_text()
        except (FileNotFoundError, ValueError):  # it has just ended
            return None
        parent = re.search(r"PPid:\s*(\d+)", status)
        assert parent
        os.kill(int(parent.group(1)), signal.SIGKILL)
        return f"the job of {note.stem}"


class RayNodes(Nodes):
    """A Ray cluster, whose head takes no cells; a node that was killed is followed by a new one."""

    def __init__(self, run: Path, cluster: Any) -> None:
        super().__init__(run)
        self.cluster, self.address = cluster, cluster.address

    def kill(self, draw: random.Random) -> str | None:
        node = draw.choice(sorted(self.cluster.worker_nodes, key=lambda node: str(node.node_id)))
        self.cluster.remove_node(node, allow_graceful=False)
        self.cluster.add_node(num_cpus=1, object_store_memory=_STORE)
        return f"node {node.node_id[:8]}"


@contextmanager
def nodes(engine: str, count: int, run: Path) -> Iterator[Nodes]:
    """The nodes on which cells are trained."""
    if engine == "slurm":
        yield Nodes(run)
        return
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": _STORE, "_system_config": _PATIENT}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(count):
            cluster.add_node(num_cpus=1, object_store_memory=_STORE)
        yield RayNodes(run, cluster)
    finally:
        cluster.shutdown()


class Finished:
    """The cells that are done: none of them may be done again."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self.seen: dict[str, int] = {}
        self.twice = 0

    def look(self) -> int:
        """Count how many are done, and those whose outcome was written again."""
        for path in self.run.glob("cells/*/outcome.json"):
            written = path.stat().st_mtime_ns
            self.twice += self.seen.get(path.parent.name, written) != written
            self.seen[path.parent.name] = written
        return len(self.seen)


def kill_now_and_then(
    arguments: argparse.Namespace, begin: Callable[[], subprocess.Popen[bytes]], there: Nodes, finished: Finished
) -> int:
    """Run the driver to its end; return how many kills there were.

    Each kill waits for a number of finished cells that is drawn, and then for a part of a cell.
    """
    draw, kills = random.Random(arguments.seed), 0
    what = ["node"] * arguments.node_kills + ["driver"] * arguments.driver_kills
    draw.shuffle(what)
    cells = len(arguments.topologies) * len(arguments.seeds)
    after = sorted(draw.randrange(max(1, cells - 1)) for _ in what)
    driver, until = begin(), 0.0
    while driver.poll() is None:
        done = finished.look()
        if what and done >= after[0]:
            until = until or time.monotonic() + draw.uniform(2, 2 + arguments.seconds)
            if time.monotonic() >= until and any(there.run.glob("cells/*")):
                killed = f"the driver, process {driver.pid}" if what[0] == "driver" else there.kill(draw)
                if what[0] == "driver":
                    driver.kill()
                    driver.wait()
                    driver = begin()
                if killed:
                    print(f"killed {killed}, {done} of {cells} cells done", flush=True)
                    del what[0], after[0]
                    kills, until = kills + 1, 0.0
        time.sleep(0.05)
    finished.look()
    if driver.returncode:
        raise SystemExit(there.run.with_suffix(".txt").read_text())
    return kills


def compare(arguments: argparse.Namespace, folder: Path) -> bool:
    """Run both; say and return whether they end in the same way."""
    recipe = make_recipe(folder, arguments.topologies, arguments.seeds, arguments.updates)
    alone, several = folder / "alone", folder / "several"
    begun = time.monotonic()
    if start(arguments, recipe, alone, "here", "").wait():
        raise SystemExit(alone.with_suffix(".txt").read_text())
    first = time.monotonic() - begun
    finished, cells = Finished(several), len(arguments.topologies) * len(arguments.seeds)
    with nodes(arguments.engine, arguments.nodes, several) as there:
        begun = time.monotonic()
        kills = kill_now_and_then(
            arguments, lambda: start(arguments, recipe, several, arguments.engine, there.address), there, finished
        )
        second = time.monotonic() - begun
    equal = ending(alone) == ending(several)
    print(f"{cells} cells one after another: {first:.1f} s; on {arguments.nodes} nodes: {second:.1f} s, {kills} kills")
    print(f"finished cells that were trained again: {finished.twice}")
    print(f"CSV and JSON, times aside: {'equal' if equal else 'DIFFERENT'}")
    return equal and not finished.twice and kills == arguments.node_kills + arguments.driver_kills


def main() -> int:
    """The exit code is 1 if an end differs, a finished cell was trained again, or a kill came too late."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=("ray", "slurm", "here"))
    parser.add_argument("--nodes", type=int, default=2, help="nodes with one processor each (default: 2)")
    parser.add_argument("--topologies", nargs="+", default=list(TOPOLOGIES), help="(default: all twelve)")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2], help="(default: 1 2)")
    parser.add_argument("--updates", type=int, default=60, help="of each cell (default: 60)")
    parser.add_argument("--node-kills", type=int, default=2, help="(default: 2)")
    parser.add_argument("--driver-kills", type=int, default=1, help="(default: 1)")
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="of a cell, about; a kill hits within (default: 10)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default: 1)")
    parser.add_argument("--apart", action="store_true", help="Ray's nodes see no file of the driver")
    parser.add_argument("--drive", action="store_true", help=argparse.SUPPRESS)  # one of its own processes
    for name in ("--recipe", "--run", "--address"):
        parser.add_argument(name, type=str if name == "--address" else Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.drive:
        drive(arguments)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_HOME"] = folder
        return int(not compare(arguments, Path(folder)))


if __name__ == "__main__":
    raise SystemExit(main())
