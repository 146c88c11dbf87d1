"""What would more workers bring, and more nodes? A model of cost, from what one machine shows.

    python scripts/cost_of_workers.py --measure --pairs corpora/multi30k
    python scripts/cost_of_workers.py --gigabits 1 25 --latency 20 --cells 36 --hours 2 --between-failures 24

The first command measures computation and loopback; let nothing else run. From its record, either one predicts the
speed of one training on many workers, and the hours of a grid on nodes that fail. Workers on loopback check the part
that communicates.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cost_model import Grid
from cost_tables import (
    GIGABITS,
    LATENCY,
    ON_LOOPBACK,
    RECORD,
    SIZES,
    Record,
    Table,
    grid_table,
    loopback_table,
    read,
    workers_table,
)

from mtlite.commands.parsing import whole_number
from mtlite.errors import MtliteError, RunError, UsageError
from mtlite.runtime import available_threads, machine, start_tensorflow
from mtlite.training.cluster import Cluster, free_local_addresses

REPEATS, BATCHES, MOST_SECONDS = 15, 30, 120


def work(workers: int) -> dict[int, float]:
    """As one of several on loopback: by bytes, the median seconds of a sum."""
    start_tensorflow(1)
    import tensorflow as tf

    from mtlite.training import reduction

    strategy, found = tf.distribute.MultiWorkerMirroredStrategy(), {}
    for turn, size in enumerate(SIZES):
        # TensorFlow wants other numbers for another shape.
        reduction._SCATTER, reduction._GATHER = 2 * turn + 1, 2 * turn + 2
        total = graph_of_sum(strategy, tf.ones([size // 4]), workers)
        seconds = []
        for _ in range(2 + REPEATS):
            begin = time.perf_counter()
            total()
            seconds.append(time.perf_counter() - begin)
        found[size] = round(median(seconds[2:]), 6)
    return found


def graph_of_sum(strategy: Any, values: Any, workers: int) -> Any:
    """A function that sums as a training does, and waits for the end."""
    import tensorflow as tf

    from mtlite.training.reduction import sum_in_order

    def total() -> Any:
        return strategy.run(lambda: sum_in_order([values], [values.shape], workers)[0])

    graph = tf.function(total, autograph=False)
    return lambda: strategy.experimental_local_results(graph())[0].numpy()


def measure_loopback(workers: int) -> dict[str, float]:
    """By bytes, seconds of a sum of some processes on loopback; RunError if one of them fails."""
    addresses = free_local_addresses(workers)
    command = [sys.executable, __file__, "--worker-of", str(workers)]
    processes = []
    try:
        for number in range(workers):
            cluster = {"TF_CONFIG": Cluster(addresses, number).tf_config(), "TF_CPP_MIN_LOG_LEVEL": "3"}
            processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **cluster}))
        outputs = [process.communicate(timeout=MOST_SECONDS)[0] for process in processes]
    except subprocess.TimeoutExpired:
        raise RunError(f"{workers} workers on loopback: no end after {MOST_SECONDS} s: start again") from None
    finally:
        for process in processes:
            process.kill()
    if any(process.returncode for process in processes):
        raise RunError(f"{workers} workers on loopback: one has failed, as it said above: start again")
    found: dict[str, float] = json.loads(outputs[0])
    return found


def measure_computation(pairs: str | None) -> Record:
    """Seconds and tokens of updates of the model that `benchmark.py` trains, in one process with all threads."""
    from benchmark import batches_of, reference_config
    from contenders.ours import OurTraining
    from contenders.sizes import Sizes

    from mtlite.data.ids import PAD
    from mtlite.data.prepare import prepare

    prepared = prepare(reference_config(pairs), lambda line: print(line, file=sys.stderr))
    warm_up, batches = batches_of(prepared, BATCHES)
    sizes = Sizes(len(prepared.tokenizers.target), 256, 512, 2, dropout=0.3, label_smoothing=0.1)
    training = OurTraining(sizes, prepared.lengths, "auto", 0)
    training.train([*warm_up, *batches])  # TensorFlow meets each shape
    return {
        "parameters": training.model.count_params(),
        "seconds": [round(training.train([batch]), 4) for batch in batches],
        "tokens": [sum(int((side != PAD).sum()) for side in batch) for batch in batches],
    }


def measure(options: argparse.Namespace) -> None:
    """Measure what this machine can show, and keep it."""
    record: Record = {"processor": machine()["processor"], "processors": available_threads(), "loopback": {}}
    for workers in ON_LOOPBACK:
        print(f"{workers} workers on loopback", file=sys.stderr, flush=True)
        record["loopback"][str(workers)] = measure_loopback(workers)
    record["computation"] = measure_computation(options.pairs)
    options.record.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def show(options: argparse.Namespace) -> None:
    """Print what the record predicts; UsageError if there is none."""
    if not options.record.exists():
        raise UsageError(f"--record {options.record}: there is no such file: add --measure to make it")
    record = read(options.record)
    predictions = workers_table(record, options.gigabits, options.latency)
    grid = Grid(options.cells, options.hours, options.between_failures)
    titles = "tokens/s of one training", "ms of a sum on loopback", "hours of a grid"
    for title, table in zip(titles, (predictions, loopback_table(record), grid_table(grid)), strict=True):
        print(f"{title}\n{aligned(table)}\n")


def aligned(table: Table) -> str:
    """For a terminal."""
    columns, rows = table
    widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    lines = [[cell.rjust(width) for cell, width in zip(row, widths, strict=True)] for row in (columns, *rows)]
    return "\n".join("  ".join(line) for line in lines)


def positive(text: str) -> float:
    """A number of the command line."""
    if not 0 < (number := float(text)) < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, received {text}")
    return number


def main() -> int:
    """Measure if asked to, and predict."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true", help="measure this machine, and write the record anew")
    parser.add_argument("--pairs", help="a folder as corpora/multi30k.py makes it (default: the Hub's Multi30k)")
    parser.add_argument("--record", type=Path, default=RECORD, help="of measurements (default: the one in scripts/)")
    parser.add_argument(
        "--gigabits", type=positive, nargs="+", default=GIGABITS, help="of networks, a second (default: 1 10)"
    )
    parser.add_argument("--latency", type=positive, default=LATENCY, help="of them, in microseconds (default: 50)")
    grid = Grid()
    parser.add_argument("--cells", type=whole_number(1, 100_000), default=grid.cells, help="of a grid (default: 120)")
    parser.add_argument("--hours", type=positive, default=grid.each, help="of a cell (default: %(default)s)")
    parser.add_argument(
        "--between-failures",
        type=positive,
        default=grid.between_failures,
        help="hours, of a node (default: 24)",
    )
    parser.add_argument("--worker-of", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        if options.worker_of:
            print(json.dumps(work(options.worker_of)))
            return 0
        if options.measure:
            measure(options)
        show(options)
    except MtliteError as error:
        print(f"cost_of_workers.py: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
