"""Standard output and standard error, whatever they were started as."""

from __future__ import annotations

import io
import os
import sys


def prepare_streams() -> None:
    """Make standard output good for any text, and give a closed stream something in its place.

    What the encoding of the terminal does not have is written as a question mark. Where standard output is closed,
    writing to it is an `io.UnsupportedOperation`; where standard error is closed, what goes there is lost. Neither
    number stays free for a file that is opened later and would get what a library prints.
    """
    if sys.stdout is None:
        sys.stdout = _stand_in(1, os.O_RDONLY, "r")
    if sys.stderr is None:
        sys.stderr = _stand_in(2, os.O_WRONLY, "w")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _stand_in(number: int, flags: int, mode: str) -> io.TextIOWrapper:
    """The null device under the number of a closed stream."""
    handle = os.open(os.devnull, flags)
    if handle != number:
        os.dup2(handle, number)
        os.close(handle)
    return open(number, mode, encoding="utf-8", closefd=False)  # type: ignore[return-value]
