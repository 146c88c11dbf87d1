"""Ray clusters on one machine: each node is a few processes on the loopback interface."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_STORE = 80 * 2**20  # bytes of a node's object store: the least that Ray takes
_PATIENT = {"health_check_period_ms": 500, "health_check_failure_threshold": 20}
"""A dead node is noticed after ten seconds; one that is slow to answer, on a busy machine, is not taken for dead."""


@contextmanager
def two_nodes() -> Iterator[Any]:
    """A cluster of two nodes with one processor each, and a head with none."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": _STORE, "_system_config": _PATIENT}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            for _ in range(2):
                start_node(cluster)
            yield cluster
        finally:
            cluster.shutdown()


def start_node(cluster: Any) -> Any:
    """One more node with one processor."""
    return cluster.add_node(num_cpus=1, object_store_memory=_STORE)
