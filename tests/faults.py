"""Lets one of the system calls that write a file fail, as a full disk or a kill would."""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock


class Killed(BaseException):
    """Stands for signal 9: nothing after it is done, and nothing catches it."""


class _File:
    """A file opened for writing, whose write, flush and close are counted."""

    def __init__(self, file: Any, step: Any) -> None:
        self.file, self.step = file, step

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, content: bytes) -> None:
        self.step("write", lambda: self.file.write(content[: len(content) // 2]))
        self.file.write(content)

    def flush(self) -> None:
        self.step("flush")
        self.file.flush()

    def fileno(self) -> int:
        return int(self.file.fileno())


@contextmanager
def failing_at(number: int, error: BaseException) -> Iterator[list[str]]:
    """Raise an error instead of the system call of this number, from 0; a write is done by half before.

    Gives the names of the calls that were reached.
    """
    reached: list[str] = []

    def step(name: str, half: Any = None) -> None:
        reached.append(name)
        if len(reached) == number + 1:
            if half is not None:
                half()
            raise error

    def counted(name: str) -> Any:
        real = getattr(os, name)

        def call(*arguments: Any, **options: Any) -> Any:
            step(name)
            return real(*arguments, **options)

        return call

    def opened(path: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if not {*mode} & {*"wx"}:
            return builtins.open(path, mode, *arguments, **options)
        step("open")
        return _File(builtins.open(path, mode, *arguments, **options), step)

    with (
        mock.patch("mtlite.storage.files.open", opened, create=True),
        mock.patch("os.fsync", counted("fsync")),
        mock.patch("os.replace", counted("replace")),
        mock.patch("os.open", counted("open")),
    ):
        yield reached
