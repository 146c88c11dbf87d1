"""The engine of several machines: Ray places every job on a node that has room, and again if the node dies.

A job is a process of its own there, too: a task of Ray starts it and waits for it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from mtlite.ablation.jobs import Ended, Job
from mtlite.ablation.node import Node, deciding_variables, environment_with, run_and_watch, this_node
from mtlite.ablation.supplies import (
    Files,
    Supplies,
    own_folder,
    own_workplace,
    packed,
    packed_recipe,
    pieces_of,
    put_in_place,
    shared_workplace,
    supplies_of,
    unpack,
    write_pieces,
)
from mtlite.console import StandardError
from mtlite.errors import MtliteError, RunError, UsageError
from mtlite.storage.files import remove_folder
from mtlite.storage.run_directory import CONFIG

if TYPE_CHECKING:
    from mtlite.ablation.experiment import Experiment

_SECONDS_TO_CONNECT = 10.0
_SECONDS_TO_ANSWER = 120.0  # of a node that has to start a Python first
_SECONDS_TO_SAVE = 120.0
_SECONDS_BETWEEN_LOOKS = 0.5
_RETRIES = 20  # of a job whose node or task died

Parcels = dict[str, list[Any]]
"""By path in the folder of a node, the pieces of a file in Ray's object store."""

Look = tuple[dict[str, str], dict[str, float], dict[str, int]]
"""By job, its node and its updates; by node, the bytes of supplies that were sent there."""


@dataclass(frozen=True)
class Order:
    """What a task is told beside its job."""

    supplies: Supplies
    parcels: Parcels  # empty if every node sees the supplies
    variables: Mapping[str, str]  # of the environment
    shares: bool  # whether nodes that see the folder of the ablation work there
    expected: Node | None  # what a node must be like, if that matters


@dataclass(frozen=True)
class Returned:
    """What a task brings back."""

    ended: Ended
    files: Files | None = None  # of the folder of its job; None if it has worked in the one of the ablation
    said: bytes = b""  # what its job has printed, unless that stands in its log


class Board:
    """Where tasks say how far they are, and read whether they should end. It lives on the node of the driver."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}
        self.updates: dict[str, float] = {}
        self.received: dict[str, int] = {}
        self.stopped: set[str] = set()

    def tell(self, name: str, place: str, updates: float) -> bool:
        """Note where a job is and how far; return whether it should go on."""
        self.places[name], self.updates[name] = place, updates
        return name not in self.stopped

    def receive(self, place: str, size: int) -> None:
        """Note that a node has received the supplies."""
        self.received[place] = size

    def look(self) -> Look:
        """All that stands there."""
        return self.places, self.updates, self.received

    def stop(self, name: str) -> bool:
        """Let a job end; return whether it has found a place."""
        self.stopped.add(name)
        return name in self.places


def look_around(supplies: Supplies) -> tuple[Node, str | None]:
    """A task: what this node is like, and what it does not see."""
    return this_node(), supplies.unseen()


def clear(supplies: Supplies, node: str) -> None:
    """A task: remove what an ablation has left on this node."""
    remove_folder(own_folder(supplies, node))


def run_job(job: Job, order: Order, board: Any, recipe: bytes, begun: Any) -> Returned:
    """A task: run a job on this node."""
    import ray

    node, supplies = ray.get_runtime_context().get_node_id(), order.supplies
    waiting = ThreadPoolExecutor(1)

    def get(reference: Any) -> Any:
        # While the main thread of a task waits, Ray gives its processors to other tasks.
        return waiting.submit(ray.get, reference).result()

    place = place_of(this_node().name, node)
    if order.expected and (differences := order.expected.differences(this_node())):
        return Returned(Ended(f"{place} is another kind of node: {differences}"))
    unseen = supplies.unseen() if order.shares else supplies.folder

    def receive(folder: Path) -> None:
        if not order.parcels:
            raise RunError(f"{place} does not see {unseen}, and joined after the start: start the ablation again")
        size = sum(write_pieces(folder / name, pieces, get) for name, pieces in order.parcels.items())
        get(board.receive.remote(place, size))

    try:
        work = own_workplace(supplies, node, receive) if unseen else shared_workplace(supplies)
        mine = work.job(job, supplies.folder)
        if unseen:
            unpack(mine, recipe, work.places, get(begun[0]) if begun else {})
    except MtliteError as error:
        return Returned(Ended(str(error)))
    begin = mine.log.stat().st_size if mine.log.exists() else 0
    environment = {**environment_with(order.variables), **work.variables}
    ended = run_and_watch(mine, environment, lambda done: get(board.tell.remote(job.name, place, done)))
    if not unseen:
        return Returned(ended)
    return Returned(ended, packed(mine.run), mine.log.read_bytes()[begin:] if mine.log.exists() else b"")


def place_of(name: str, node: str) -> str:
    """What a node is called: two nodes of a cluster may be one machine."""
    return f"{name} (node {node[:8]})"


class Task:
    """A job that Ray has taken."""

    def __init__(self, engine: RayEngine, job: Job, result: Any) -> None:
        self.engine, self.job, self.result = engine, job, result
        self._ended: Ended | None = None

    def place(self) -> str | None:
        return self.engine.look()[0].get(self.job.name)

    def updates_done(self) -> float:
        return self.engine.look()[1].get(self.job.name, 0)

    def ended(self) -> Ended | None:
        if self._ended is None and self.engine.ray.wait([self.result], timeout=0)[0]:
            self._ended = self._collect()
        return self._ended

    def _collect(self) -> Ended:
        """Put what comes back in its place."""
        try:
            returned: Returned = self.engine.ray.get(self.result)
        except self.engine.ray.exceptions.RayError as error:
            return Ended(_line(error))
        if returned.files:
            config = {CONFIG: packed_recipe(self.job)} if CONFIG in returned.files else {}
            put_in_place(self.job.run, {**returned.files, **config})
        if returned.said:
            self.job.log.parent.mkdir(parents=True, exist_ok=True)
            with open(self.job.log, "ab") as log:
                log.write(returned.said)
        return returned.ended

    def stop(self) -> None:
        ray = self.engine.ray
        # The board is asked, not what it said a moment ago: a task that is cancelled in its place brings nothing back.
        if not ray.get(self.engine.board.stop.remote(self.job.name)):  # it may never find a place
            ray.cancel(self.result)

    def wait(self) -> None:
        if not self.engine.ray.wait([self.result], timeout=_SECONDS_TO_SAVE)[0]:
            self.engine.ray.cancel(self.result, force=True)
        self.ended()


class RayEngine:
    """Runs jobs on the nodes of a Ray cluster.

    Args:
        address: HOST:PORT of the cluster; None for the one that this machine belongs to.
        at_once: how many jobs are handed to Ray at once.
        memory: bytes that a job needs.
        identical: refuse nodes that differ from this machine.
        shares: whether nodes that see the folder of the ablation work there; otherwise, everything travels.
    """

    def __init__(
        self, address: str | None, at_once: int, memory: int, identical: bool, console: Console, shares: bool = True
    ) -> None:
        if find_spec("ray") is None:
            raise MtliteError('--on ray: ray is not installed: pip install "ray", or mtlite with "[ray]"')
        self.at_once, self.memory, self.identical, self.shares = at_once, memory, identical, shares
        self.console = console
        self.ray = _connect(address)
        self._looked: tuple[float, Look] = 0.0, ({}, {}, {})
        self._told: set[str] = set()
        self._open = contextlib.ExitStack()

    def begin(self, experiment: Experiment) -> None:
        """Look at all nodes, and say which of them differ; the supplies are put where nodes can fetch them."""
        # Ray tells of dead nodes on standard output, which is for results.
        self._open.enter_context(contextlib.redirect_stdout(StandardError()))
        self.supplies = supplies_of(experiment)
        found = self._look_around()
        here = this_node()
        kinds = {place: differences for place, (node, _) in found.items() if (differences := here.differences(node))}
        if kinds and self.identical:
            place, differences = next(iter(kinds.items()))
            raise RunError(f"--identical: {place} has {differences}: install the same there, or leave the node out")
        for place, differences in kinds.items():
            self.console.print(f"warning: {place} has {differences}: results may differ in the last digits")
        self._refuse_too_large(experiment.ablation.threads)
        unseen = {place: what if self.shares else self.supplies.folder for place, (_, what) in found.items()}
        parcels: Parcels = {}
        if any(unseen.values()) or not self.shares:
            parcels = {name: [self.ray.put(each) for each in pieces_of(file)] for file, name in self.supplies.files()}
        for place, what in unseen.items():
            if what:
                self.console.print(f"{place} does not see {what}: corpus and cells are sent there and back")
        expected = here if self.identical else None
        self.order = self.ray.put(Order(self.supplies, parcels, deciding_variables(), self.shares, expected))
        self.board = self._with_us(self.ray.remote(Board)).remote()

    def _with_us(self, remote: Any) -> Any:
        """On the node of this process."""
        return self._on(remote, self.ray.get_runtime_context().get_node_id())

    def _on(self, remote: Any, node: str) -> Any:
        """On a certain node, whatever it has to do."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        return remote.options(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False))

    def _everywhere(self, task: Callable[..., Any], arguments: Callable[[str], list[Any]]) -> dict[str, object]:
        """By place, the result of a task on every node, to be fetched."""
        remote = self.ray.remote(task)
        return {place: self._on(remote, node).remote(*arguments(node)) for place, node in self._places().items()}

    def _places(self) -> dict[str, str]:
        """By place, the nodes that are there."""
        nodes = (node for node in self.ray.nodes() if node["Alive"])
        return {place_of(node["NodeManagerHostname"], node["NodeID"]): node["NodeID"] for node in nodes}

    def _look_around(self) -> dict[str, tuple[Node, str | None]]:
        """By place, what each node is like and what it does not see."""
        found = {}
        for place, result in self._everywhere(look_around, lambda _: [self.supplies]).items():
            try:
                found[place] = self.ray.get(result, timeout=_SECONDS_TO_ANSWER)
            except self.ray.exceptions.RayError as error:
                if place not in self._places():
                    continue  # it has died, which Ray has noticed only now
                problem = f"{place} cannot run cells ({_line(error)})"
                raise RunError(f"{problem}: install the same mtlite on every node, or leave the node out") from None
        return found

    def _refuse_too_large(self, threads: int) -> None:
        """Raise UsageError unless a node has room for a cell: it would wait for ever."""
        room = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
        if not any(each.get("CPU", 0) >= threads and each.get("memory", 0) >= self.memory for each in room):
            most = max(room, key=lambda each: each.get("CPU", 0))
            raise UsageError(
                f"a cell takes {threads} threads (ablation.threads) and {self.memory / 1e9:.1f} GB (--memory): no node "
                f"of the cluster has both; the largest has {most.get('CPU', 0):g} processors and "
                f"{most.get('memory', 0) / 1e9:.1f} GB"
            )

    def submit(self, job: Job) -> Task:
        """Take a job."""
        task = self.ray.remote(run_job).options(
            name=job.name,
            num_cpus=job.threads,
            memory=self.memory,
            max_retries=_RETRIES,
            scheduling_strategy="SPREAD",
        )
        files = packed(job.run)
        begun = [self.ray.put(files)] if files else []  # in a list, it is fetched only where it is needed
        return Task(self, job, task.remote(job, self.order, self.board, packed_recipe(job), begun))

    def look(self) -> Look:
        """What stands on the board, or stood there a moment ago."""
        looked, found = self._looked
        if time.monotonic() - looked >= _SECONDS_BETWEEN_LOOKS:
            found = self.ray.get(self.board.look.remote())
            self._looked = time.monotonic(), found
            for place in found[2].keys() - self._told:
                self._told.add(place)
                self.console.print(f"{place} has received the corpus, {found[2][place] / 1e6:.1f} MB")
        return found

    def end(self, finished: bool) -> None:
        """Leave the cluster; nothing stays on its nodes if all is done."""
        if finished and self.ray.is_initialized():
            left = self._everywhere(clear, lambda node: [self.supplies, node])
            self.ray.wait(list(left.values()), num_returns=len(left), timeout=_SECONDS_TO_ANSWER)
        self.ray.shutdown()
        self._open.close()


def _connect(address: str | None) -> Any:
    """The module `ray`, connected to a cluster."""
    if address:
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise UsageError(f"--address: expected HOST:PORT, received {address}")
        try:
            socket.create_connection((host, int(port)), _SECONDS_TO_CONNECT).close()
        except (OSError, OverflowError) as error:
            problem = f"--address {address}: no cluster answers there ({error})"
            raise RunError(f"{problem}: start one with ray start --head, and give the address that it says") from None
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    try:
        ray.init(address=address or "auto", log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        there = f"--address {address}" if address else "--on ray"
        remedy = "start one with ray start --head; this machine joins one with ray start --address HOST:PORT"
        raise RunError(f"{there}: no cluster that this machine belongs to ({_line(error)}): {remedy}") from None
    return ray


def _line(error: Exception) -> str:
    """What an error of Ray says, in one line: its first line, or, of an error in a task, its last one."""
    cause = getattr(error, "cause", None) or error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return f"{type(cause).__name__}: {lines[0] if lines else 'no more is known'}"[:300]
