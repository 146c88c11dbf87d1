"""Locks: one holder at a time, among the processes of a machine and among machines that share a folder.

The lock of the system (`filelock`) ends with its process, however that ends, but on a network folder it may be known on
one machine only. A file beside it names the holder; it is made exclusively, which network folders promise. Who has the
lock of the system and finds a process of this machine named there knows that it is dead, and takes the lock over. A
process of another machine may be at work: the lock is held until it ends, or until somebody removes the file.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import filelock

from mtlite.config.read import Count, plain, read_as
from mtlite.errors import RunError
from mtlite.storage.files import aside

_MOST_BYTES = 4096  # of the file that names a holder
_POLL = 0.05  # seconds
_PATIENCE = 2.0  # seconds of waiting in silence
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


class HeldError(RunError):
    """Another process holds the lock."""


@dataclass(frozen=True)
class Holder:
    """A process that holds a lock."""

    machine: str
    process: Count
    boot: str = ""  # the start of the machine, where the system names it: the same in all containers on a machine

    def __str__(self) -> str:
        return f"process {self.process} on {self.machine}"

    @property
    def is_here(self) -> bool:
        """Whether it is, or was, on this machine."""
        ours = here()
        return self.machine == ours.machine or (self.boot != "" and self.boot == ours.boot)


@cache
def _boot() -> str:
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip()
    return ""


def here(process: int | None = None) -> Holder:
    """This process, or another one of this machine, as a holder."""
    return Holder(socket.gethostname(), os.getpid() if process is None else process, _boot())


class Lock:
    """A lock at a path; what it keeps apart is up to those who use it."""

    def __init__(self, path: Path) -> None:
        self.path, self.named = path, path.with_name(f"{path.name}.holder")
        self._native = filelock.FileLock(path, thread_local=False)  # whichever thread gives it back

    def acquire(self, wait: float, say: Callable[[str], None] | None = None) -> None:
        """Take the lock within `wait` seconds; raise HeldError if it is held until then, OSError if it cannot be taken.

        Whoever waits long hears by `say` for whom.
        """
        begin = time.monotonic()
        while not self._try():
            waited = time.monotonic() - begin
            if waited >= wait:
                raise HeldError(self.held_by())
            if say and waited >= _PATIENCE:
                say(self.held_by())
                say = None
            time.sleep(_POLL)

    def _try(self) -> bool:
        for path in (self.path, self.named):  # a link or a pipe under this name is neither followed nor waited for
            # Asked once: between two questions, whoever gives the lock back may remove the file.
            with contextlib.suppress(FileNotFoundError):
                if not stat.S_ISREG(os.lstat(path).st_mode):
                    raise RunError(f"{path} is not a file: remove it")
        try:
            self._native.acquire(timeout=0)
        except filelock.Timeout:
            return False
        taken = False
        try:
            taken = self._claim()
        finally:
            if not taken:
                self._native.release()
        return taken

    def _claim(self) -> bool:
        """Write down this process as the holder; False if one of another machine is written down."""
        text = json.dumps(plain(here())).encode()
        while True:
            try:
                _make_exclusively(self.named, text)
                return True
            except FileExistsError:
                holder = self._read()
                if holder and not holder.is_here:
                    return False
                self.named.unlink(missing_ok=True)  # of a process that is dead, or no name at all after a crash

    def _read(self) -> Holder | None:
        """Who is written down; None if nobody is."""
        with contextlib.suppress(OSError, ValueError, RecursionError, RunError):
            found = os.lstat(self.named)
            if stat.S_ISREG(found.st_mode) and found.st_size <= _MOST_BYTES:
                return read_as(Holder, json.loads(self.named.read_bytes()), str(self.named), error=RunError)
        return None

    def release(self, remove: bool = False) -> None:
        """Give the lock back; `remove` its file as well, where what it was for is gone."""
        for path in (self.named, *([self.path] if remove else [])):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        self._native.release()

    def forget(self, holder: Holder) -> None:
        """Take away the name of a holder that is known to have ended, if it stands there."""
        if self._read() == holder:
            self.named.unlink(missing_ok=True)

    def held_by(self) -> str:
        """Who holds it, for a message."""
        holder = self._read()
        if holder is None:
            return "another process"
        return str(holder) if holder.is_here else f"{holder} (if it has ended, remove {self.named})"

    @property
    def is_held(self) -> bool:
        """Whether a process holds it now, as far as can be known."""
        holder = self._read()
        if holder and not holder.is_here:
            return True
        try:
            if self.path.is_file() and not self.path.is_symlink():
                filelock.FileLock(self.path).acquire(timeout=0).lock.release()
        except OSError as error:  # a folder that may only be read is not in use
            return isinstance(error, filelock.Timeout)
        return False


def _make_exclusively(path: Path, content: bytes) -> None:
    """Make a file whole; raise FileExistsError if there is one."""
    made = aside(path)
    try:
        made.write_bytes(content)
        os.link(made, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with open(path, "xb") as file:  # without hard links, it stands there empty for a moment
            file.write(content)
    finally:
        made.unlink(missing_ok=True)
