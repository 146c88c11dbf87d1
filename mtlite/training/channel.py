"""Connections between the workers of a training, beside TensorFlow's: small values go round, and a death is noticed.

TensorFlow waits for ever for a worker that is gone. Here each worker holds one connection to the chief. The system
closes those of a dead process at once, and gives up those of a dead machine within half a minute.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from mtlite.errors import MtliteError, RunError
from mtlite.notices import notice
from mtlite.training.cluster import Cluster, host_and_port

_SECONDS_TO_END = 10.0  # for a thread that may be inside TensorFlow, which may not return
_SECONDS_TO_GREET = 10.0
_POLL = 0.2  # seconds
_MOST_BYTES = 1 << 28  # of a message: the translations of a dev set
_KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 4, "TCP_USER_TIMEOUT": 30_000}


class LostError(MtliteError):
    """Another worker ended, so that this one must."""


class _Peer:
    """The connection to another worker, whose messages a thread collects."""

    def __init__(self, connection: socket.socket, number: int = 0) -> None:
        self.connection, self.number = connection, number
        self.received: queue.SimpleQueue[Any] = queue.SimpleQueue()
        connection.settimeout(_SECONDS_TO_GREET)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE.items():
            if hasattr(socket, name):  # not every system has all of them
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self.file = connection.makefile("rb")

    def send(self, message: Any) -> None:
        """Send; who is gone is noticed by the thread that reads."""
        with contextlib.suppress(OSError):
            self.connection.sendall(json.dumps(message).encode() + b"\n")

    def read(self) -> Any:
        """The next message; None at the end."""
        with contextlib.suppress(OSError, ValueError):
            line = self.file.readline(_MOST_BYTES)
            return json.loads(line) if line.endswith(b"\n") else None
        return None

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self.file.close()
        self.connection.close()


class Channel:
    """All workers of a training: `exchange` gathers a value of each, and a worker that ends is noticed.

    Raise UsageError or RunError if they cannot be brought together.

    Args:
        seconds: to wait until all have come.
        check: is called while that lasts, and may raise an error.
    """

    def __init__(self, cluster: Cluster, seconds: float, check: Callable[[], None] = lambda: None) -> None:
        self.cluster, self.lost = cluster, ""
        self._closed, self._noticing = threading.Event(), threading.Lock()
        self._until, self._seconds, self._check = time.monotonic() + seconds, seconds, check
        server = _listen(cluster)
        try:
            self.peers = [self._call()] if cluster.number else self._wait(server)
        finally:
            server.close()  # TensorFlow listens there next
        for peer in self.peers:
            peer.connection.settimeout(None)
            threading.Thread(target=self._collect, args=(peer,), daemon=True).start()

    def _call(self) -> _Peer:
        """A worker calls the chief until it answers."""
        host, port = host_and_port(self.cluster.addresses[0])
        problem: OSError | None = None
        while time.monotonic() < self._until:
            self._check()
            try:
                peer = _Peer(socket.create_connection((host, port), timeout=_SECONDS_TO_GREET))
            except OSError as error:
                problem = error
                time.sleep(_POLL)
                continue
            peer.send({"worker": self.cluster.number, "of": len(self.cluster.addresses)})
            return peer
        reason = f" ({problem.strerror or problem})" if problem else ""
        raise self._late(self.cluster.name(0), reason)

    def _wait(self, server: socket.socket) -> list[_Peer]:
        """The chief waits for all others."""
        found: dict[int, _Peer] = {}
        server.settimeout(_POLL)
        try:
            while missing := sorted({*range(1, len(self.cluster.addresses))} - found.keys()):
                self._check()
                if time.monotonic() > self._until:
                    raise self._late(self.cluster.name(missing[0]))
                with contextlib.suppress(TimeoutError):
                    self._greet(server.accept()[0], found)
        except MtliteError as error:
            for peer in found.values():
                peer.send({"failed": str(error)})
                peer.close()
            raise
        return [found[number] for number in sorted(found)]

    def _greet(self, connection: socket.socket, found: dict[int, _Peer]) -> None:
        """Take in who calls; anybody else who finds this port is sent away."""
        peer, expected = _Peer(connection), len(self.cluster.addresses)
        hello = peer.read()
        if not isinstance(hello, dict) or not {type(hello.get("worker")), type(hello.get("of"))} <= {int}:
            peer.close()
            return
        number = peer.number = hello["worker"]
        problem = f"--workers: expected {expected} workers as the chief was started with, received"
        if hello["of"] != expected:
            problem += f" a worker that was started with {hello['of']}"
        elif number in found or not 0 < number < expected:
            problem += f" worker {number} twice"
        else:
            found[number] = peer
            return
        peer.send({"failed": problem})
        peer.close()
        raise RunError(f"{problem}: start all with one list, and each with its own --worker")

    def _late(self, name: str, reason: str = "") -> RunError:
        return RunError(
            f"{name} did not come within {self._seconds:.0f} s{reason}: start all workers at about the same time, or "
            "wait longer (--wait-for-workers SECONDS)"
        )

    def exchange(self, value: Any) -> list[Any]:
        """Gather a value of each worker, in their order; raise LostError if one has ended."""
        if self.cluster.number:
            self.peers[0].send({"value": value})
            values: list[Any] = self._receive(self.peers[0])
            return values
        values = [value, *(self._receive(peer) for peer in self.peers)]
        for peer in self.peers:
            peer.send({"value": values})
        return values

    def _receive(self, peer: _Peer) -> Any:
        message = None if self.lost else peer.received.get()
        if message is None:
            raise LostError(self.lost)
        return message["value"]

    def _collect(self, peer: _Peer) -> None:
        """Put aside what a worker says, until it ends."""
        while isinstance(message := peer.read(), dict) and "value" in message:
            peer.received.put(message)
        failed = message.get("failed") if isinstance(message, dict) else None
        remedy = "start all of them with --resume, and training goes on after the last saved state"
        ended = f"{self.cluster.name(peer.number)} has ended, so all workers stop: {remedy}"
        self.notice(str(failed) if failed else ended)

    def notice(self, reason: str) -> None:
        """Note that a worker has ended, tell the others, and see to it that this process ends."""
        with self._noticing:
            if self.lost or self._closed.is_set():
                return
            self.lost = reason
        for peer in self.peers:
            peer.send({"failed": reason})
            peer.received.put(None)
        if not self._closed.wait(_SECONDS_TO_END):  # inside TensorFlow: a kill costs no more than this end
            notice(self.lost)
            os._exit(LostError.exit_code)

    def wait_for_loss(self, seconds: float) -> bool:
        """Whether a worker is found to have ended: TensorFlow may report that first."""
        until = time.monotonic() + seconds
        while not self.lost and time.monotonic() < until:
            time.sleep(_POLL / 10)
        return bool(self.lost)

    def close(self, reason: str = "") -> None:
        """End; the others end, too, if there is a reason."""
        with self._noticing:
            self._closed.set()
        for peer in self.peers:
            if reason:
                peer.send({"failed": reason})
            peer.close()


def _listen(cluster: Cluster) -> socket.socket:
    """Listen at this worker's own port, where TensorFlow will: whoever has it is noticed now."""
    address = cluster.addresses[cluster.number]
    host, port = host_and_port(address)
    try:
        return socket.create_server((host if cluster.on_one_machine else "", port))
    except OSError as error:
        reason = error.strerror or error
        raise RunError(f"--workers: cannot listen at {address} ({reason}): give another port, to all workers") from None
