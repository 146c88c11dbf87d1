"""Arrays of weights as bytes, and back: whole, or rounded to numbers that take less room.

Matrices are rounded, vectors (biases, scales) stay float32: they are few, and every output depends on them.
`engine/weights.js` reads the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from mtlite.storage.tensors import Arrays

Precision = Literal["float32", "bfloat16", "int8"]
"""How matrices of weights are written."""

Format = Literal["float32", "bfloat16", "int8 rows"]
"""How one array is written. A row of `int8 rows` is whole numbers from -127 to 127 times a scale of its own."""

_MATRICES: dict[Precision, Format] = {"float32": "float32", "bfloat16": "bfloat16", "int8": "int8 rows"}


@dataclass(frozen=True)
class StoredTensor:
    """Where one array lies in the bytes, and how."""

    name: str
    shape: tuple[int, ...]
    format: Format
    offset: int
    bytes: int


class _Codec(NamedTuple):
    write: Callable[[np.ndarray], bytes]
    read: Callable[[bytes, tuple[int, ...]], np.ndarray]


def pack(arrays: Mapping[str, np.ndarray], precision: Precision) -> tuple[list[StoredTensor], bytes]:
    """Write finite float32 arrays one after another; say where each one lies."""
    tensors, parts, offset = list[StoredTensor](), list[bytes](), 0
    for name, array in arrays.items():
        kind = _MATRICES[precision] if array.ndim > 1 else "float32"
        parts.append(_CODECS[kind].write(np.ascontiguousarray(array, np.float32)))
        tensors.append(StoredTensor(name, array.shape, kind, offset, len(parts[-1])))
        offset += len(parts[-1])
    return tensors, b"".join(parts)


def unpack(tensors: Sequence[StoredTensor], content: bytes) -> Arrays:
    """Read what `pack` wrote: float32 arrays by name."""
    return {
        each.name: _CODECS[each.format].read(content[each.offset : each.offset + each.bytes], each.shape)
        for each in tensors
    }


def rounded(arrays: Mapping[str, np.ndarray], precision: Precision) -> Arrays:
    """The arrays as they are after `pack` and `unpack`: what a reader of the bytes computes with."""
    return unpack(*pack(arrays, precision))


def _to_float32(array: np.ndarray) -> bytes:
    return array.astype("<f4").tobytes()


def _from_float32(content: bytes, shape: tuple[int, ...]) -> np.ndarray:
    return np.frombuffer(content, "<f4").astype(np.float32).reshape(shape)


def _to_bfloat16(array: np.ndarray) -> bytes:
    """The first half of each float32, rounded to the nearest, to an even one where two are as near."""
    bits = array.view(np.uint32)
    return ((bits + (0x7FFF + (bits >> 16 & 1))) >> 16).astype("<u2").tobytes()


def _from_bfloat16(content: bytes, shape: tuple[int, ...]) -> np.ndarray:
    halves = np.frombuffer(content, "<u2").astype(np.uint32)
    return (halves << 16).view(np.float32).reshape(shape)


def _to_int8_rows(array: np.ndarray) -> bytes:
    """The scales of all rows, then the numbers of all rows."""
    rows = array.reshape(-1, array.shape[-1])
    scales: np.ndarray = np.abs(rows).max(axis=1, keepdims=True) / np.float32(127)
    whole: np.ndarray = np.rint(rows / np.where(scales > 0, scales, 1)).astype(np.int8)
    return scales.astype("<f4").tobytes() + whole.tobytes()


def _from_int8_rows(content: bytes, shape: tuple[int, ...]) -> np.ndarray:
    rows = int(np.prod(shape[:-1]))
    scales = np.frombuffer(content, "<f4", rows).astype(np.float32)
    whole = np.frombuffer(content, np.int8, offset=4 * rows).reshape(rows, shape[-1])
    return (whole * scales[:, None]).astype(np.float32).reshape(shape)


_CODECS: dict[Format, _Codec] = {
    "float32": _Codec(_to_float32, _from_float32),
    "bfloat16": _Codec(_to_bfloat16, _from_bfloat16),
    "int8 rows": _Codec(_to_int8_rows, _from_int8_rows),
}
