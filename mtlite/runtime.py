"""What the processor can do, how TensorFlow is set up for it, and how a process ends with the one that began it."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

_MOST_LANES = 2


def multiplies_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 matrices in hardware."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return any(flag in flags for flag in ("avx512_bf16", "amx_bf16", " bf16"))


def choose_precision(precision: str) -> Literal["float32", "bfloat16"]:
    """Turn `auto` into the dtype of products that is fastest here; keep anything else."""
    if precision == "auto":
        precision = "bfloat16" if multiplies_bfloat16() else "float32"
    return "bfloat16" if precision == "bfloat16" else "float32"


@contextmanager
def _silent() -> Iterator[None]:
    """Hide what TensorFlow's libraries print while they load."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def load_tensorflow() -> None:
    """Import TensorFlow quietly."""
    with _silent():
        import tensorflow  # noqa: F401


def start_tensorflow(threads: int, deterministic: bool = False) -> int:
    """Import TensorFlow quietly and set its threads, once a process.

    The threads are shared out among `lanes()`: two computations side by side, each on its own threads, are faster than
    one that hands out every small product to all of them.

    Args:
        threads: processor threads; 0 takes all. The number that is taken is returned.
        deterministic: make TensorFlow refuse operations that are not repeatable.
    """
    load_tensorflow()
    import tensorflow as tf

    count = threads or _available()
    try:
        tf.config.threading.set_inter_op_parallelism_threads(count)
        tf.config.threading.set_intra_op_parallelism_threads(max(1, count // _MOST_LANES))
    except RuntimeError:  # TensorFlow is already running: it keeps the threads that it started with
        count = tf.config.threading.get_inter_op_parallelism_threads() or _available()
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    return count


def lanes() -> int:
    """How many computations run side by side: parts of a batch in training, batches in translation."""
    import tensorflow as tf

    if tf.config.list_logical_devices("GPU"):
        return 1  # it has its own ways to be busy
    threads = int(tf.config.threading.get_inter_op_parallelism_threads())  # 0: all there are
    return min(_MOST_LANES, threads or _available())


def _available() -> int:
    """Processor threads that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def end_with_parent(parent: int) -> None:
    """On Linux: if the process `parent` is killed, or is gone already, end, too; nothing is lost that is saved."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1: PR_SET_PDEATHSIG
        if os.getppid() != parent:
            raise SystemExit(1)


def machine() -> dict[str, str]:
    """Describe the machine of a run."""
    found = {"system": platform.system(), "machine": platform.machine(), "python": platform.python_version()}
    return {**found, "processor": _processor()}


def _processor() -> str:
    """The name of the processor, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
