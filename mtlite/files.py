"""Files that are whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

from mtlite.errors import RunError


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it holds the old content or the new one, never a part.

    Raises:
        RunError: if there is no space left, or the folder cannot be written to; the old file stays.
    """
    aside = path.with_name(path.name + ".part")
    try:
        with open(aside, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise RunError(f"cannot write {path}: {error.strerror}; what was there before is kept") from error
