"""Files of arrays that are whole or not there: written aside, flushed to disk, renamed, and checked when read."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from mtlite.errors import DamagedError, RunError
from mtlite.limits import MAX_ARRAYS_BYTES, MAX_DOCUMENT_BYTES, open_file
from mtlite.storage.files import write_atomically

Arrays = dict[str, np.ndarray]

_KEY = "mtlite"
_WRONG_METADATA = (ValueError, TypeError, KeyError, AttributeError, RecursionError)  # JSON of another shape


def _digest(arrays: Mapping[str, np.ndarray], facts: str) -> str:
    digest = hashlib.sha256(facts.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def save_arrays(path: Path, arrays: Arrays, facts: Mapping[str, Any]) -> None:
    """Write arrays and a few facts about them (JSON) as safetensors, with a checksum over both."""
    text = json.dumps(facts, sort_keys=True)
    # One entry: safetensors writes several in an order that changes from call to call.
    metadata = {_KEY: json.dumps({"facts": text, "sha256": _digest(arrays, text)})}
    write_atomically(path, safetensors.numpy.save(arrays, metadata))


def load_arrays(path: Path, most_bytes: int = MAX_ARRAYS_BYTES) -> tuple[Arrays, dict[str, Any]]:
    """Read what `save_arrays` wrote; a larger file than expected is refused before memory is taken.

    Raise DamagedError if the file is cut short, altered or too large, RunError if it is missing or cannot be read.
    """
    try:
        with open_file(path) as opened:
            size = os.fstat(opened.fileno()).st_size
            header = int.from_bytes(opened.read(8), "little")
        for what, received, most in (("", size, most_bytes), (" of a header", header, MAX_DOCUMENT_BYTES)):
            if received > most:
                raise DamagedError(f"{path} has {received:,} bytes{what}: expected at most {most:,}")
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = json.loads((file.metadata() or {})[_KEY])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        if metadata["sha256"] != _digest(arrays, metadata["facts"]):
            raise DamagedError(f"{path} is damaged: its checksum does not fit its content")
        facts = json.loads(metadata["facts"])
    except FileNotFoundError:
        raise RunError(f"{path} not found: the run has no such weights yet; go on with --resume") from None
    except OSError as error:
        raise RunError(f"cannot read {path} ({error.strerror or error})") from None
    except (safetensors.SafetensorError, *_WRONG_METADATA) as error:
        raise DamagedError(
            f"{path} is damaged ({type(error).__name__}: {' '.join(str(error).split())[:200]})"
        ) from None
    if not isinstance(facts, dict):
        raise DamagedError(f"{path} is damaged: expected its facts as an object, received {type(facts).__name__}")
    return arrays, facts
