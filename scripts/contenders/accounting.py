"""Where the time of a computation of TensorFlow goes: its own trace, added up by kind of operation."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

PRODUCTS, OPTIMIZER, CASTS = "matrix products", "optimizer and norm", "casts"
COPIES, RANDOM, ELEMENTWISE = "copies", "random numbers", "elementwise and sums"
EXECUTOR, IDLE = "executor", "waiting"
KINDS = (PRODUCTS, ELEMENTWISE, CASTS, COPIES, RANDOM, OPTIMIZER, EXECUTOR, IDLE)

_PROCESS = "ExecutorState::Process"  # the span in which a thread computes one operation after another
_WORDS = {
    PRODUCTS: ("MatMul", "Einsum"),
    OPTIMIZER: ("ResourceApply", "AssignSub", "L2Loss"),
    CASTS: ("Cast",),
    RANDOM: ("Random", "Bitcast"),
    COPIES: (
        *("Concat", "Split", "Slice", "TensorList", "TensorArray", "Transpose", "Gather", "Scatter", "Pack", "Pad"),
        *("Tile", "Reshape", "Identity", "BroadcastTo", "Reverse", "Fill", "ReadVariable", "Where"),
    ),
    EXECUTOR: ("Enter", "Exit", "Merge", "Switch", "NextIteration", "LoopCond", "NoOp", "Const", "_Arg", "_Retval"),
}


def kind_of(operation: str) -> str:
    """The kind of an operation, given its type."""
    return next((kind for kind, words in _WORDS.items() if any(word in operation for word in words)), ELEMENTWISE)


def traced(compute: Callable[[], Any], threads: int) -> dict[str, float]:
    """Seconds by kind, of so many threads together, which add up to the clock's seconds times threads."""
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    with tempfile.TemporaryDirectory() as folder:
        options = tf.profiler.experimental.ProfilerOptions(
            host_tracer_level=2, python_tracer_level=0, device_tracer_level=0
        )
        tf.profiler.experimental.start(folder, options=options)
        try:
            start = time.perf_counter()
            compute()
            seconds = time.perf_counter() - start
        finally:
            tf.profiler.experimental.stop()
        (path,) = Path(folder).rglob("*.xplane.pb")
        trace = xplane_pb2.XSpace.FromString(path.read_bytes())
    events = (
        (plane.event_metadata[event.metadata_id].name, event.duration_ps / 1e12)
        for plane in trace.planes for line in plane.lines for event in line.events
    )  # fmt: skip
    return added_up(events, seconds * threads)


def added_up(events: Iterable[tuple[str, float]], total: float) -> dict[str, float]:
    """Seconds by kind, from the names of events (`name:type` of operations) with their seconds."""
    found = dict.fromkeys(KINDS, 0.0)
    busy = 0.0
    for name, seconds in events:
        if name == _PROCESS:
            busy += seconds
        elif ":" in name and "::" not in name and " " not in name:
            found[kind_of(name.rpartition(":")[2])] += seconds
    operations = sum(found.values())
    found[EXECUTOR] += max(0.0, busy - operations)
    found[IDLE] = max(0.0, total - max(busy, operations))
    return found
