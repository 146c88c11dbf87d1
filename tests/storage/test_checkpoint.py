"""The state that a training goes on from: whole, or the one before it."""

import os
from pathlib import Path

import numpy as np
import pytest
from faults import failing_at

from mtlite.config.read import plain
from mtlite.errors import DamagedError, RunError
from mtlite.storage.checkpoint import Progress, array_of, assign_weights, check_state, load_state, save_state
from mtlite.storage.tensors import Arrays, save_arrays

ARRAYS = {"weights/a": np.arange(6, dtype=np.float32).reshape(2, 3), "weights/b": np.ones(4, np.float32)}


def changed(arrays, by):
    return {name: array + by for name, array in arrays.items()}


def test_a_damaged_state_is_named_and_the_one_before_is_used(tmp_path):
    for update in (1, 2):
        save_state(tmp_path, changed(ARRAYS, update), Progress(update=update))
    last = tmp_path / "last.safetensors"
    last.write_bytes(last.read_bytes()[:-3])
    state, problems = load_state(tmp_path)
    assert state is not None
    assert state.progress == Progress(update=1)
    assert "last.safetensors" in problems[0]


def test_no_whole_state_is_an_error_and_none_at_all_is_not(tmp_path):
    assert load_state(tmp_path) == (None, [])
    (tmp_path / "last.safetensors").write_bytes(b"nothing")
    with pytest.raises(RunError, match="no saved state is whole"):
        load_state(tmp_path)


@pytest.mark.parametrize("number", range(12))
def test_a_failure_at_any_system_call_leaves_a_whole_state(tmp_path, number):
    save_state(tmp_path, changed(ARRAYS, 1), Progress(update=1))
    save_state(tmp_path, changed(ARRAYS, 2), Progress(update=2))
    try:
        with failing_at(number, OSError(28, "No space left on device")):
            save_state(tmp_path, changed(ARRAYS, 3), Progress(update=3))
    except RunError as error:
        assert "No space left" in str(error)  # noqa: PT017 - late failures may come after the state is safe
    state, _ = load_state(tmp_path)
    assert state is not None
    assert state.progress.update in (2, 3)
    assert (state.arrays["weights/b"] == 1 + state.progress.update).all()


def test_a_state_that_was_not_yet_renamed_is_put_in_place(tmp_path):
    """What a kill between two renames leaves."""
    save_state(tmp_path, changed(ARRAYS, 1), Progress(update=1))
    save_arrays(tmp_path / "newest.safetensors", changed(ARRAYS, 2), plain(Progress(update=2)))
    state, problems = load_state(tmp_path)
    assert state is not None
    assert state.progress == Progress(update=2)
    assert problems == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["last.safetensors", "previous.safetensors"]


def test_best_weights_that_stand_in_no_state_are_missed_at_once(tmp_path):
    save_state(tmp_path, ARRAYS, Progress(update=20, best_update=10))
    with pytest.raises(DamagedError, match=r"best\.safetensors is missing: .*update 10 .*update 20: put the file back"):
        check_state(tmp_path, pytest.fail)
    (tmp_path / "best.safetensors").touch()
    check_state(tmp_path, pytest.fail)


@pytest.mark.parametrize("progress", [Progress(update=7), Progress(update=20, best_update=20)])
def test_best_weights_that_are_not_there_yet_or_can_be_made_again_are_not_missed(tmp_path, progress):
    check_state(tmp_path, pytest.fail)
    save_state(tmp_path, ARRAYS, progress)
    check_state(tmp_path, pytest.fail)


def test_a_damaged_state_is_warned_about_at_once(tmp_path):
    for update in (1, 2):
        save_state(tmp_path, ARRAYS, Progress(update=update))
    (tmp_path / "last.safetensors").write_bytes(b"cut")
    warnings: list[str] = []
    check_state(tmp_path, warnings.append)
    assert len(warnings) == 1
    assert warnings[0].startswith(f"warning: {tmp_path / 'last.safetensors'} is damaged")


@pytest.mark.parametrize(
    "facts",
    [
        {"updates": 3},  # of another version
        {"update": -1},
        {"update": 1.5},
        {"update": "3"},
        {"best_loss": float("nan")},
        {"nll": None},
        {"best_bleu": [1.0]},
    ],
)
def test_a_place_that_no_training_was_at_is_damage_and_the_state_before_is_used(tmp_path, facts):
    save_state(tmp_path, ARRAYS, Progress(update=1))
    save_state(tmp_path, ARRAYS, Progress(update=2))
    save_arrays(tmp_path / "last.safetensors", ARRAYS, facts)
    state, problems = load_state(tmp_path)
    assert state is not None
    assert state.progress == Progress(update=1)
    (name,) = facts
    assert f"last.safetensors is of another version of mtlite, or damaged: {name}" in problems[0].replace(
        "unknown option '", ""
    )
    assert (tmp_path / "last.damaged").exists()


def test_where_a_training_stands_comes_back_whole(tmp_path):
    progress = Progress(9, 2, 3, 6, 12.5, 2.25, 1, 60.5, 100.125, 50.0, 120)
    save_state(tmp_path, ARRAYS, progress)
    state, problems = load_state(tmp_path)
    assert state is not None
    assert (state.progress, problems) == (progress, [])


def test_a_state_larger_than_its_model_is_refused(tmp_path):
    save_state(tmp_path, ARRAYS, Progress())
    with pytest.raises(DamagedError, match=r"no saved state is whole: .*expected at most 100: start again"):
        load_state(tmp_path, most_bytes=100)


@pytest.mark.parametrize(
    ("name", "shape", "received"),
    [
        ("weights/a", (3, 2), r"float32 \(2, 3\)"),
        ("weights/c", (3, 2), "nothing"),
        ("whole", (2,), r"int64 \(2,\)"),
    ],
)
def test_an_array_of_another_configuration(tmp_path, name, shape, received):
    arrays: Arrays = {**ARRAYS, "whole": np.arange(2)}
    with pytest.raises(
        RunError, match=rf"here: expected {name} as float32 .*, received {received}: the weights belong"
    ):
        array_of(arrays, name, shape, Path("here"))
    assert array_of(arrays, "weights/a", [2, 3], Path("here")) is arrays["weights/a"]


def test_a_damaged_state_in_a_folder_that_may_only_be_read(tmp_path, monkeypatch):
    for update in (1, 2):
        save_state(tmp_path, ARRAYS, Progress(update=update))
    (tmp_path / "last.safetensors").write_bytes(b"cut")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    state, problems = load_state(tmp_path)
    assert state is not None
    assert (state.progress.update, len(problems)) == (1, 1)


class Variable:
    """What is used of a Keras variable."""

    def __init__(self, path, shape):
        self.path, self.shape, self.value = path, shape, None

    def assign(self, value):
        self.value = value


def test_weights_are_given_all_or_none(tmp_path):
    weights = [Variable("a", (2, 3)), Variable("b", (4,))]
    assign_weights(weights, ARRAYS, tmp_path)
    assert all(weight.value is ARRAYS[f"weights/{weight.path}"] for weight in weights)
    others = [Variable("a", (2, 3)), Variable("b", (5,))]
    with pytest.raises(RunError, match="weights/b"):
        assign_weights(others, ARRAYS, tmp_path)
    assert [each.value for each in others] == [None, None]
