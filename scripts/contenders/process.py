"""A contender lives in a process of its own, so that it sets up its threads as it would alone."""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_READY = "ready"


class Contender:
    """Asks an object in another process; while it is not asked, it is idle.

    Args:
        name: for people.
        make: makes the object there; a class or function that can be imported.
        arguments: for `make`.
        environment: variables that are set for this process, besides those of ours.
    """

    def __init__(
        self, name: str, make: Callable[..., Any], *arguments: Any, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, make, arguments), daemon=True)
        with _set(environment or {}):
            self._process.start()
        other.close()
        self._answer()

    def ask(self, method: str, *arguments: Any) -> Any:
        """What a method of the object gives.

        Raises:
            RuntimeError: if it fails, with its traceback.
        """
        self._connection.send((method, arguments))
        return self._answer()

    def peak_memory(self) -> float | None:
        """Megabytes that were resident at most so far; None where the system is not Linux.

        Not `ru_maxrss`: of a process that was started from a larger one, that is the size of the larger one.
        """
        status = Path(f"/proc/{self._process.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), None)

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.join()

    def _answer(self) -> Any:
        try:
            failed, answer = self._connection.recv()
        except EOFError:
            self._process.join()
            raise RuntimeError(f"{self.name} ended with code {self._process.exitcode}") from None
        if failed:
            raise RuntimeError(f"{self.name} failed:\n{answer}")
        return answer


@contextmanager
def _set(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for what starts inside."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(connection: Connection, make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        thing = make(*arguments)
        connection.send((False, _READY))
        while True:
            method, given = connection.recv()
            connection.send((False, getattr(thing, method)(*given)))
    except EOFError:
        return
    except Exception:  # noqa: BLE001 - whoever asked says it
        connection.send((True, traceback.format_exc()))
