"""Files that are whole or not there."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import tempfile
from pathlib import Path

from mtlite.errors import RunError

_ASIDE = re.compile(r"\.[0-9a-f]{16}\.part$")
_TRIED_BYTES = 4096  # a file without content can be made on a full disk
_CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP)  # what file systems answer that cannot flush a folder


def aside(path: Path) -> Path:
    """A name in the same folder that no other process uses, for what will be renamed to `path`.

    `tempfile` would make a file that only its owner may read.
    """
    return path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")


def without_aside(name: str) -> str:
    """The name of a file for which `name` was written aside, or `name` itself."""
    return _ASIDE.sub("", name)


def remove_parts(folder: Path) -> None:
    """Remove what killed processes have left aside in a folder that nobody else writes into now."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if _ASIDE.search(path.name) and path.is_file():
            path.unlink(missing_ok=True)


def remove_folder(folder: Path) -> None:
    """Remove a folder and everything in it, whatever somebody else removes meanwhile."""
    shutil.rmtree(folder, ignore_errors=True)


def size_of(folder: Path) -> int:
    """The bytes in a folder and the folders below it, whatever is renamed or removed meanwhile."""
    size = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            size += path.lstat().st_size
    return size


def refuse_unwritable(folder: Path, what: str) -> None:
    """Raise RunError if nothing can be written into a folder, or into the one above that it will be made in.

    A command calls it before its work; `what` names its option and value.
    """
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            append(file.fileno(), b"\0" * _TRIED_BYTES, 0)
    except OSError as error:
        reason = error.strerror or error
        raise RunError(f"{what}: cannot write into {folder} ({reason}): make room there, or give another") from None


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it holds the old content or the new one, never a part."""
    part = aside(path)
    try:
        with open(part, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except (OSError, KeyboardInterrupt) as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, KeyboardInterrupt):
            raise
        raise RunError(
            f"cannot write {path} ({error.strerror or error}): what was there before is kept; "
            "make room or allow writing there, then go on (a training with --resume)"
        ) from error
    sync_folder(path.parent)


def append(file: int, content: bytes, size: int) -> None:
    """Append all of the content to an open file of this size, or raise OSError and leave it as it was."""
    try:
        if os.write(file, content) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(file, size)
        raise


def sync_folder(folder: Path) -> None:
    """Wait until the names of the files in a folder are on disk."""
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise RunError(f"cannot flush {folder} to disk ({error.strerror or error}): check the disk") from error
