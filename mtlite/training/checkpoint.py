"""Files of arrays that are whole or not there: written aside, flushed to disk, renamed, and checked when read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from mtlite.errors import RunError
from mtlite.files import sync_folder, write_atomically

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


def load_arrays(path: Path) -> tuple[Arrays, dict[str, Any]]:
    """Read what `save_arrays` wrote.

    Raises:
        RunError: if the file is missing, cut short or altered.
    """
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = json.loads((file.metadata() or {})[_KEY])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        if metadata["sha256"] != _digest(arrays, metadata["facts"]):
            raise RunError(f"{path} is damaged: its checksum does not fit its content")
        facts = json.loads(metadata["facts"])
    except FileNotFoundError:
        raise RunError(f"{path} not found: the run has no such weights yet; go on with --resume") from None
    except (safetensors.SafetensorError, OSError, *_WRONG_METADATA) as error:
        raise RunError(f"{path} is damaged ({type(error).__name__}: {' '.join(str(error).split())[:200]})") from None
    if not isinstance(facts, dict):
        raise RunError(f"{path} is damaged: expected its facts as an object, received {type(facts).__name__}")
    return arrays, facts


def save_state(folder: Path, arrays: Arrays, facts: Mapping[str, Any]) -> None:
    """Write the state to go on from as `last.safetensors`; the one before it stays as `previous.safetensors`.

    Raises:
        RunError: if it cannot be written; a whole state is left in any case.
    """
    save_arrays(folder / "newest.safetensors", arrays, facts)
    _put_in_place(folder)


def _put_in_place(folder: Path) -> None:
    """Rename the newest state to the last one, and the last one to the one before."""
    last, previous, newest = (folder / f"{name}.safetensors" for name in ("last", "previous", "newest"))
    try:
        if last.exists():
            os.replace(last, previous)
        os.replace(newest, last)
    except OSError as error:
        raise RunError(
            f"cannot rename {newest} to {last} ({error.strerror or error}): it is whole, and --resume goes on from it"
        ) from error
    sync_folder(folder)


def load_state(folder: Path) -> tuple[tuple[Arrays, dict[str, Any]] | None, list[str]]:
    """The newest state that is whole, and what was wrong with newer ones; None if no state was ever saved.

    A damaged state gets another name, so that it never takes the place of a whole one.

    Raises:
        RunError: if there are states and none is whole.
    """
    # A kill between the two renames of `save_state` leaves the new state under its first name.
    paths = [folder / f"{name}.safetensors" for name in ("newest", "last", "previous")]
    problems: dict[Path, str] = {}
    for path in filter(Path.exists, paths):
        try:
            state = load_arrays(path)
        except RunError as error:
            problems[path] = str(error)
            continue
        for damaged in problems:
            with contextlib.suppress(OSError):
                os.replace(damaged, damaged.with_suffix(".damaged"))
        if path == paths[0]:
            _put_in_place(folder)
        return state, list(problems.values())
    if problems:
        raise RunError(f"no saved state is whole: {'; '.join(problems.values())}: start again with another --run")
    return None, []


def array_of(arrays: Mapping[str, np.ndarray], name: str, shape: Sequence[int], origin: Path) -> np.ndarray:
    """The float32 array of a name.

    Raises:
        RunError: if it is missing, or of another shape or type.
    """
    expected = f"float32 {tuple(shape)}"
    received = f"{arrays[name].dtype} {arrays[name].shape}" if name in arrays else "nothing"
    if received != expected:
        raise RunError(
            f"{origin}: expected {name} as {expected}, received {received}: the weights belong to another configuration"
        )
    return arrays[name]


def assign_weights(weights: list[Any], arrays: Mapping[str, np.ndarray], origin: Path) -> None:
    """Give Keras variables the arrays of their names.

    Raises:
        RunError: if one is missing, or of another shape or type; then no weight is changed.
    """
    found = [array_of(arrays, f"weights/{weight.path}", weight.shape, origin) for weight in weights]
    for weight, array in zip(weights, found, strict=True):
        weight.assign(array)


def weight_arrays(weights: list[Any]) -> Arrays:
    """Keras variables as arrays by name."""
    return {f"weights/{weight.path}": weight.numpy() for weight in weights}
