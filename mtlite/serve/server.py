"""A socket and the program behind it, which ends when it is told to, and not before it has answered."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from mtlite.errors import MtliteError, UsageError

_ENDING = (signal.SIGINT, signal.SIGTERM)


def listen(host: str, port: int) -> socket.socket:
    """Open a port, 0 for any free one; whoever connects from now on waits until the models are there."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"--host {host}: expected a name or an address of this machine ({reason})") from None
    try:
        return socket.create_server((str(address[0]), port), family=family, backlog=1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise MtliteError(f"--port {port} is in use on {host}: end what listens there, or give another") from None
        if error.errno == errno.EADDRNOTAVAIL:
            raise UsageError(f"--host {host}: expected an address of this machine") from None
        raise MtliteError(
            f"--host {host} --port {port}: {error.strerror}: give another port (those below 1024 need rights)"
        ) from None


def address_of(listening: socket.socket) -> str:
    """Where a socket can be reached."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    return host == "localhost" or host == "::1" or host.startswith("127.")


class _Server(uvicorn.Server):
    """One that ends by itself: it does not raise the signal again that told it to stop, since it has obeyed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in _ENDING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(app: ASGIApp, listening: socket.socket) -> None:
    """Answer until Ctrl-C or SIGTERM; then take nothing new, finish what was begun, and come back.

    A second Ctrl-C ends at once.
    """
    config = uvicorn.Config(
        app,
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="error",  # not for every connection that speaks no HTTP
        access_log=False,
        server_header=False,
    )
    _Server(config).run(sockets=[listening])
