"""What a user should hear of at once, from wherever it is noticed."""

from __future__ import annotations

import contextlib
import sys

from mtlite.visible import visible_line


def notice(text: str) -> None:
    """Say something in one line on standard error, which may be closed."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(f"mtlite: {visible_line(text)}", file=sys.stderr, flush=True)
