"""The arithmetic of several workers, and of nodes that fail. `cost_of_workers.py` measures what it needs."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush
from statistics import mean
from typing import NamedTuple


class Network(NamedTuple):
    """How long bytes take from one worker to another."""

    latency: float  # seconds of a message
    bandwidth: float  # bytes a second, of a worker in each direction

    def sum(self, size: int, workers: int) -> float:
        """Seconds of `sum_in_order`: pieces to all at once, then sums in a ring; each sends all pieces but its own."""
        if workers == 1:
            return 0.0
        return workers * self.latency + 2 * (workers - 1) / workers * size / self.bandwidth

    def then(self, other: Network) -> Network:
        """Both, one after the other: what software takes, and what the wire takes."""
        return Network(self.latency + other.latency, 1 / (1 / self.bandwidth + 1 / other.bandwidth))


def fit(small: tuple[int, float], large: tuple[int, float]) -> Network:
    """The network in which two workers take so many seconds for the sum of so many bytes."""
    bandwidth = (large[0] - small[0]) / (large[1] - small[1])
    return Network((small[1] - small[0] / bandwidth) / 2, bandwidth)


def wire(gigabits: float, microseconds: float) -> Network:
    """What a network promises: bits a second, and the time of a message."""
    return Network(microseconds / 1e6, gigabits * 1e9 / 8)


def slowest(seconds: Sequence[float], workers: int, accumulate: int) -> float:
    """Expected seconds of the slowest worker, if each computes `accumulate` batches that are drawn from these.

    With one batch each, this is exact. Sums of several are taken to vary as normal numbers do.
    """
    count, average = len(seconds), mean(seconds)
    of_one = sum(
        value * ((rank / count) ** workers - ((rank - 1) / count) ** workers)
        for rank, value in enumerate(sorted(seconds), 1)
    )
    return accumulate * average + math.sqrt(accumulate) * (of_one - average)


def seconds_of_update(
    network: Network, batches: Sequence[float], parameters: int, workers: int, accumulate: int
) -> float:
    """Computation, the sum of float32 gradients, and a small message to the chief and back."""
    signals = 2 * network.latency if workers > 1 else 0.0
    return slowest(batches, workers, accumulate) + network.sum(4 * parameters, workers) + signals


class Grid(NamedTuple):
    """Trainings on nodes of which each works on one at a time. Times are hours."""

    cells: int = 120
    each: float = 4.0  # without a failure
    between_failures: float = 24.0  # mean, of a node that works: a Poisson process
    saved: float | None = 1 / 6  # between two saved states, from which any node goes on; None: from the start again
    repair: float = 1 / 6  # until a node that failed is back

    def run(self, nodes: int, seed: int) -> tuple[float, float]:
        """Until all cells have ended, and of work that was lost, with one draw of failures."""
        draw, waiting, idle, end, lost = random.Random(seed), deque([self.each] * self.cells), 0, 0.0, 0.0
        events = [(0.0, 1, 0.0)] * nodes  # when, nodes that are free from then on, what is left of a cell that waits
        while events:
            now, free, back = heappop(events)
            idle += free
            if back:
                waiting.appendleft(back)
            while idle and waiting:
                idle, left, failure = idle - 1, waiting.popleft(), self.between_failures * draw.expovariate(1)
                if failure >= left:
                    end = max(end, now + left)
                    heappush(events, (now + left, 1, 0.0))
                    continue
                kept = failure // self.saved * self.saved if self.saved else 0.0
                lost += failure - kept
                heappush(events, (now + failure, 0, left - kept))
                heappush(events, (now + failure + self.repair, 1, 0.0))
        return end, lost

    def mean(self, nodes: int, draws: int) -> tuple[float, float]:
        """The same, mean of many draws."""
        ends, lost = zip(*(self.run(nodes, seed) for seed in range(draws)), strict=True)
        return mean(ends), mean(lost)
