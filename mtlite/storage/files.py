"""Files that are whole or not there."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from mtlite.errors import RunError

_CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP)  # what file systems answer that cannot flush a folder


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it holds the old content or the new one, never a part."""
    aside = path.with_name(path.name + ".part")
    try:
        with open(aside, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
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
