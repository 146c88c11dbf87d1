"""The state that a training goes on from, and the weights of a model, as files of arrays."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mtlite.config.read import Count, plain, read_as
from mtlite.errors import DamagedError, RunError
from mtlite.limits import MAX_ARRAYS_BYTES
from mtlite.storage.files import sync_folder
from mtlite.storage.tensors import Arrays, load_arrays, save_arrays

WEIGHTS = "best.safetensors"


@dataclass
class Progress:
    """Where a training stands: with the arrays, all that a resumed training needs."""

    update: Count = 0
    epoch: Count = 0
    batch: Count = 0
    best_update: Count = 0
    best_bleu: float = -1.0  # on the dev set; -1 before the first validation
    best_loss: float | None = None  # of the same validation
    validations_without_gain: Count = 0
    used: float = 0.0  # seconds of a budget of seconds; 0 without one, so that states are the same in every run
    nll: float = 0.0  # since the last report, as the two below
    target_tokens: float = 0.0
    all_tokens: Count = 0


class State(NamedTuple):
    """What a training goes on from."""

    arrays: Arrays
    progress: Progress


def save_state(folder: Path, arrays: Arrays, progress: Progress) -> None:
    """Write the state to go on from as `last.safetensors`; the one before it stays as `previous.safetensors`.

    If it cannot be written, RunError is raised, and a whole state is left.
    """
    save_arrays(folder / "newest.safetensors", arrays, plain(progress))
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


def load_state(folder: Path, most_bytes: int = MAX_ARRAYS_BYTES) -> tuple[State | None, list[str]]:
    """Load the newest state that is whole, and say what is wrong with newer ones; None if no state was ever saved.

    A damaged state gets another name, so that it never replaces a whole one. If none is whole, DamagedError is raised.
    """
    # A kill between the two renames of `save_state` leaves the new state under its first name.
    paths = [folder / f"{name}.safetensors" for name in ("newest", "last", "previous")]
    problems: dict[Path, str] = {}
    for path in filter(Path.exists, paths):
        try:
            arrays, facts = load_arrays(path, most_bytes)
            origin = f"{path} is of another version of mtlite, or damaged"
            state = State(arrays, read_as(Progress, facts, origin, error=DamagedError))
        except DamagedError as error:
            problems[path] = str(error)
            continue
        for damaged in problems:
            with contextlib.suppress(OSError):
                os.replace(damaged, damaged.with_suffix(".damaged"))
        if path == paths[0]:
            _put_in_place(folder)
        return state, [f"{problem}; the state before it is used" for problem in problems.values()]
    if problems:
        raise DamagedError(f"no saved state is whole: {'; '.join(problems.values())}: start again with another --run")
    return None, []


def check_state(folder: Path, say: Callable[[str], None]) -> None:
    """Look at once for what keeps a training from going on: reading its corpus first takes long.

    Raise DamagedError if no saved state is whole, or if the best weights are lost and stand in no state.
    """
    state, problems = load_state(folder)
    for problem in problems:
        say(f"warning: {problem}")
    if state is None or (folder / WEIGHTS).exists():
        return
    best, last = state.progress.best_update, state.progress.update
    if best and best != last:
        raise DamagedError(
            f"{folder / WEIGHTS} is missing: the weights of update {best} scored best, and the saved state is that of "
            f"update {last}: put the file back, or start again with another --run"
        )


def array_of(arrays: Mapping[str, np.ndarray], name: str, shape: Sequence[int], origin: Path) -> np.ndarray:
    """Find the float32 array of a name; refuse one of another shape or type."""
    expected = f"float32 {tuple(shape)}"
    received = f"{arrays[name].dtype} {arrays[name].shape}" if name in arrays else "nothing"
    if received != expected:
        raise RunError(
            f"{origin}: expected {name} as {expected}, received {received}: the weights belong to another configuration"
        )
    return arrays[name]


def assign_weights(weights: list[Any], arrays: Mapping[str, np.ndarray], origin: Path) -> None:
    """Give Keras variables the arrays of their names, or none if an array is missing or of another shape or type."""
    found = [array_of(arrays, f"weights/{weight.path}", weight.shape, origin) for weight in weights]
    for weight, array in zip(weights, found, strict=True):
        weight.assign(array)


def weight_arrays(weights: list[Any]) -> Arrays:
    """Return Keras variables as arrays by name."""
    return {f"weights/{weight.path}": weight.numpy() for weight in weights}
