"""What the processor can do, how TensorFlow is set up for it, and how a process ends with the one that began it."""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import platform
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Literal

from mtlite.errors import MtliteError

_MOST_LANES = 8  # parts of a batch become small, and each one is a graph of its own
_LOADING = Lock()
_process: int | None = None  # the one in which TensorFlow computes


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


def refuse_other_backends() -> None:
    """Raise MtliteError unless Keras runs on TensorFlow, or will when it is imported."""
    backend, origin = _keras_backend()
    if backend != "tensorflow":
        raise MtliteError(
            f"expected Keras with the backend tensorflow, received {backend} ({origin}): set KERAS_BACKEND=tensorflow "
            "before Keras is imported"
        )


def _keras_backend() -> tuple[str, str]:
    """The backend, and what says so: as Keras chooses it when it is imported."""
    if "keras" in sys.modules:
        # Imported once more, which waits where another thread is at it.
        return importlib.import_module("keras").backend.backend(), "Keras is imported already"
    if named := os.environ.get("KERAS_BACKEND"):
        return named, "KERAS_BACKEND"
    home = os.path.expanduser("~")
    folder = os.environ.get("KERAS_HOME", os.path.join(home if os.access(home, os.W_OK) else "/tmp", ".keras"))
    path = Path(folder).expanduser() / "keras.json"
    try:
        settings = json.loads(path.read_text())
    except (OSError, ValueError):  # Keras has its own words for these
        settings = {}
    backend = settings.get("backend") if isinstance(settings, dict) else None
    return str(backend or "tensorflow"), str(path)


def claim_process() -> None:
    """Say that TensorFlow computes from here on; raise MtliteError in a fork of a process in which it has.

    Its threads do not live on in a fork, which would wait for them for ever.
    """
    global _process
    _process = _process or os.getpid()
    if _process != os.getpid():
        raise MtliteError(
            "this process was forked from one in which TensorFlow has computed, and would wait for ever: start "
            'processes with multiprocessing.get_context("spawn"), or load the run after the fork only'
        )


def load_tensorflow() -> None:
    """Import TensorFlow quietly; raise MtliteError if Keras is set to another backend."""
    refuse_other_backends()
    with _LOADING:  # two threads that hide the same output would not find it again
        if "tensorflow" not in sys.modules:
            with _silent():
                import tensorflow  # noqa: F401


def start_tensorflow(threads: int, deterministic: bool = False) -> int:
    """Import TensorFlow quietly and set its threads, once a process; raise MtliteError where it cannot run.

    The threads are shared out among `lanes()`: computations side by side, each on a thread of its own, are faster than
    one that hands out every small product to all threads.

    Args:
        threads: processor threads; 0 takes all. The number that is taken is returned.
        deterministic: make TensorFlow refuse operations that are not repeatable.
    """
    claim_process()
    load_tensorflow()
    import tensorflow as tf

    count = threads or available_threads()
    try:
        tf.config.threading.set_inter_op_parallelism_threads(count)
        tf.config.threading.set_intra_op_parallelism_threads(max(1, count // _MOST_LANES))
    except RuntimeError:  # TensorFlow is already running: it keeps the threads that it started with
        count = tf.config.threading.get_inter_op_parallelism_threads() or available_threads()
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    return count


def lanes(threads: int = 0) -> int:
    """How many computations run side by side: parts of a batch in training, batches in translation.

    One a thread, up to a bound; `threads` are those that TensorFlow was started with if it is 0.
    """
    import tensorflow as tf

    if tf.config.list_logical_devices("GPU"):
        return 1  # it has its own ways to be busy
    return min(
        _MOST_LANES, threads or int(tf.config.threading.get_inter_op_parallelism_threads()) or available_threads()
    )


def available_threads() -> int:
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
    return {**found, "processor": _processor(), "node": platform.node()}


def _processor() -> str:
    """The name of the processor, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
