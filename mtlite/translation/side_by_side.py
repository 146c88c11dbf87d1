"""Work on several batches at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mtlite.runtime import lanes

Map = Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]
"""Applies a function to each item, and gives the results in their order."""


def side_by_side(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """Apply a function to each item, as many at once as there are lanes; the results are in the items' order."""
    pool = ThreadPoolExecutor(lanes())
    try:
        return list(pool.map(function, items))
    finally:
        pool.shutdown(cancel_futures=True)  # Ctrl-C waits for what is being computed, not for the rest
