"""Numbers and lines as short text, so that a record stays small enough to be kept beside its recipe."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import numpy as np

from mtlite.errors import RunError
from mtlite.evaluation.statistics import COUNTS_PER_SENTENCE, SentenceStatistics

MOST_BYTES = 1 << 30
"""Of one unpacked value: a few hundred bytes can claim to be any size."""


def pack(content: bytes) -> str:
    """Bytes as text: compressed, in base 64."""
    return base64.b64encode(zlib.compress(content, 9)).decode("ascii")


def unpack(text: str) -> bytes:
    """What `pack` was given.

    Raises:
        RunError: if it is damaged.
    """
    try:
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(base64.b64decode(text, validate=True), MOST_BYTES)
    except (ValueError, TypeError, zlib.error) as error:
        raise RunError(f"a packed value is damaged ({error})") from None
    if not unpacking.eof:
        raise RunError("a packed value is cut short or too large")
    return content


def pack_json(value: Any) -> str:
    """Any plain value."""
    return pack(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def unpack_json(text: str) -> Any:
    """What `pack_json` was given."""
    try:
        return json.loads(unpack(text))
    except ValueError as error:
        raise RunError(f"a packed value is damaged ({error})") from None


def pack_numbers(numbers: np.ndarray) -> str:
    """A row of numbers as little-endian 32-bit floats."""
    return pack(numbers.astype("<f4").tobytes())


def unpack_numbers(text: str) -> np.ndarray:
    """What `pack_numbers` was given.

    Raises:
        RunError: if it is damaged.
    """
    try:
        return np.frombuffer(unpack(text), "<f4")
    except ValueError as error:
        raise RunError(f"a packed value is damaged ({error})") from None


def pack_statistics(statistics: SentenceStatistics) -> dict[str, Any]:
    """Counts as little-endian 32-bit integers, sentence by sentence, with their signatures."""
    counts = {name: pack(counts.astype("<i4").tobytes()) for name, counts in statistics.counts.items()}
    return {"counts": counts, "signatures": dict(statistics.signatures)}


def unpack_statistics(values: Any) -> SentenceStatistics:
    """What `pack_statistics` was given.

    Raises:
        RunError: if it is damaged.
    """
    try:
        counts = {
            name: np.frombuffer(unpack(values["counts"][name]), "<i4").reshape(-1, width).tolist()
            for name, width in COUNTS_PER_SENTENCE.items()
        }
        return SentenceStatistics.from_dict({"counts": counts, "signatures": values["signatures"]})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(f"packed statistics are damaged ({type(error).__name__}: {error})") from None
