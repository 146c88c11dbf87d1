"""Where the workers of one training listen, and which of them this process is."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from typing import Any, NamedTuple

from mtlite.config.read import shown
from mtlite.errors import UsageError
from mtlite.runtime import load_tensorflow

TF_CONFIG, SLURM = "tf-config", "slurm"
MOST_WORKERS = 1024
_FIRST_PORT, _PORTS = 20_000, 10_000  # from which a Slurm job takes its own, by its number


class Cluster(NamedTuple):
    """All workers of a training, in the order in which their gradients are summed; the first one is the chief."""

    addresses: tuple[str, ...]  # HOST:PORT
    number: int  # of this process

    def name(self, number: int) -> str:
        """A worker, for a message."""
        return f"{'the chief' if number == 0 else f'worker {number}'} ({self.addresses[number]})"

    @property
    def on_one_machine(self) -> bool:
        """Whether no worker can be on another machine."""
        return all(host_and_port(address)[0] in ("127.0.0.1", "localhost", "::1") for address in self.addresses)

    def tf_config(self) -> str:
        """The cluster as TensorFlow reads it from the environment."""
        return json.dumps(
            {"cluster": {"worker": list(self.addresses)}, "task": {"type": "worker", "index": self.number}}
        )


def host_and_port(address: str) -> tuple[str, int]:
    """Split HOST:PORT, where HOST may be an IPv6 address in brackets; UsageError if it is something else."""
    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 2**16:
        raise UsageError(f"--workers: expected HOST:PORT,HOST:PORT, {TF_CONFIG} or {SLURM}, received {shown(address)}")
    return host.removeprefix("[").removesuffix("]"), int(port)


def cluster_of(workers: str, number: int | None) -> Cluster:
    """Read `--workers` and `--worker`; UsageError if they name no cluster in which this process is."""
    if workers in (TF_CONFIG, SLURM):
        if number is not None:
            raise UsageError(f"--worker: --workers {workers} says which worker this is: leave --worker out")
        return _from_tf_config() if workers == TF_CONFIG else _from_slurm()
    if number is None:
        raise UsageError("--workers needs --worker with the number of this worker, from 0 (the chief) on")
    return _checked(workers.split(","), number, "--worker")


def _checked(addresses: Sequence[str], number: int, origin: str) -> Cluster:
    for address in addresses:
        host_and_port(address)
    if len(set(addresses)) < len(addresses) or not 2 <= len(addresses) <= MOST_WORKERS:
        received = shown(",".join(addresses))
        raise UsageError(f"--workers: expected 2 to {MOST_WORKERS} different addresses, received {received}")
    if not 0 <= number < len(addresses):
        raise UsageError(f"{origin}: expected 0 to {len(addresses) - 1}, received {number}")
    return Cluster(tuple(addresses), number)


def _from_tf_config() -> Cluster:
    """The cluster of the variable TF_CONFIG: workers, and perhaps a chief before them."""
    text = os.environ.get("TF_CONFIG", "")
    expected = 'expected {"cluster": {"worker": ["HOST:PORT", …]}, "task": {"type": "worker", "index": 0}}'
    try:
        values: Any = json.loads(text)
        jobs, task = values["cluster"], values["task"]
        kind, index = str(task["type"]), int(task["index"])
        chief, workers = list(jobs.get("chief", [])), list(jobs.get("worker", []))
        known = set(jobs) <= {"chief", "worker"} and kind in jobs
    except (ValueError, KeyError, TypeError, AttributeError):
        known = False
    if not known:
        raise UsageError(f"--workers {TF_CONFIG}: {expected} in the variable TF_CONFIG, received {shown(text)}")
    number = index if kind == "chief" else index + len(chief)
    return _checked([str(address) for address in [*chief, *workers]], number, "TF_CONFIG")


def _from_slurm() -> Cluster:
    """The tasks of this step of a Slurm job, as TensorFlow's own resolver finds them."""
    load_tensorflow()
    import tensorflow as tf

    try:
        job = int(os.environ.get("SLURM_JOB_ID", "0"))
        # Which GPUs a task sees is left to Slurm. The resolver cannot count without any, so it is told of one each.
        tasks = int(os.environ.get("SLURM_STEP_NUM_TASKS", "0"))
        resolver = tf.distribute.cluster_resolver.SlurmClusterResolver(
            port_base=_FIRST_PORT + job % _PORTS, gpus_per_node=max(1, tasks), gpus_per_task=1, auto_set_gpu=False
        )
        addresses = resolver.cluster_spec().as_dict()["worker"]
        _, number = resolver.get_task_info()
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UsageError(f"--workers {SLURM}: {reason}: start mtlite with srun --ntasks N") from None
    return _checked(addresses, int(number), "SLURM_PROCID")


def free_local_addresses(count: int) -> tuple[str, ...]:
    """Addresses of this machine on which nobody listens now."""
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return tuple(f"127.0.0.1:{server.getsockname()[1]}" for server in servers)
    finally:
        for server in servers:
            server.close()
