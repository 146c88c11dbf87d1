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

from mtlite.errors import RunError
from mtlite.files import write_atomically

Arrays = dict[str, np.ndarray]


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
    metadata = {"facts": text, "sha256": _digest(arrays, text)}
    write_atomically(path, safetensors.numpy.save(arrays, metadata))


def load_arrays(path: Path) -> tuple[Arrays, dict[str, Any]]:
    """Read what `save_arrays` wrote.

    Raises:
        RunError: if the file is missing, cut short or altered.
    """
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except FileNotFoundError:
        raise RunError(f"{path} not found") from None
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise RunError(f"{path} is damaged ({error})") from None
    if "facts" not in metadata or metadata.get("sha256") != _digest(arrays, metadata["facts"]):
        raise RunError(f"{path} is damaged: its checksum does not fit its content")
    return arrays, json.loads(metadata["facts"])


def save_state(folder: Path, arrays: Arrays, facts: Mapping[str, Any]) -> None:
    """Write the state to go on from as `last.safetensors`; the one before it stays as `previous.safetensors`."""
    last, previous, newest = (folder / f"{name}.safetensors" for name in ("last", "previous", "newest"))
    save_arrays(newest, arrays, facts)
    if last.exists():
        os.replace(last, previous)
    os.replace(newest, last)


def load_state(folder: Path) -> tuple[tuple[Arrays, dict[str, Any]] | None, list[str]]:
    """The newest state that is whole, and what was wrong with newer ones; None if no state was ever saved.

    Raises:
        RunError: if there are states and none is whole.
    """
    # A kill between the two renames of `save_state` leaves the new state under its first name.
    paths = [folder / f"{name}.safetensors" for name in ("newest", "last", "previous")]
    problems: list[str] = []
    for path in paths:
        if path.exists():
            try:
                return load_arrays(path), problems
            except RunError as error:
                problems.append(str(error))
    if problems:
        raise RunError(f"no saved state is whole: {'; '.join(problems)}: start again with another --run")
    return None, []


def assign_weights(weights: list[Any], arrays: Arrays, origin: Path) -> None:
    """Give Keras variables the arrays of their names.

    Raises:
        RunError: if a name is missing or a shape differs.
    """
    for weight in weights:
        name = f"weights/{weight.path}"
        received = arrays[name].shape if name in arrays else None
        if received != tuple(weight.shape):
            raise RunError(
                f"{origin}: expected {weight.path} of shape {tuple(weight.shape)}, received {received}: "
                "the weights belong to another configuration"
            )
        weight.assign(arrays[name])


def weight_arrays(weights: list[Any]) -> Arrays:
    """Keras variables as arrays by name."""
    return {f"weights/{weight.path}": weight.numpy() for weight in weights}
