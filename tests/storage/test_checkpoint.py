import numpy as np
import pytest
from faults import failing_at

from mtlite.errors import DamagedError, RunError
from mtlite.storage.checkpoint import check_state, load_state, save_state
from mtlite.storage.tensors import save_arrays

ARRAYS = {"weights/a": np.arange(6, dtype=np.float32).reshape(2, 3), "weights/b": np.ones(4, np.float32)}


def changed(arrays, by):
    return {name: array + by for name, array in arrays.items()}


def test_a_damaged_state_is_named_and_the_one_before_is_used(tmp_path):
    for update in (1, 2):
        save_state(tmp_path, changed(ARRAYS, update), {"update": update})
    last = tmp_path / "last.safetensors"
    last.write_bytes(last.read_bytes()[:-3])
    state, problems = load_state(tmp_path)
    assert state is not None
    assert state[1] == {"update": 1}
    assert "last.safetensors" in problems[0]


def test_no_whole_state_is_an_error_and_none_at_all_is_not(tmp_path):
    assert load_state(tmp_path) == (None, [])
    (tmp_path / "last.safetensors").write_bytes(b"nothing")
    with pytest.raises(RunError, match="no saved state is whole"):
        load_state(tmp_path)


@pytest.mark.parametrize("number", range(12))
def test_a_failure_at_any_system_call_leaves_a_whole_state(tmp_path, number):
    save_state(tmp_path, changed(ARRAYS, 1), {"update": 1})
    save_state(tmp_path, changed(ARRAYS, 2), {"update": 2})
    try:
        with failing_at(number, OSError(28, "No space left on device")):
            save_state(tmp_path, changed(ARRAYS, 3), {"update": 3})
    except RunError as error:
        assert "No space left" in str(error)  # noqa: PT017 - late failures may come after the state is safe
    state, _ = load_state(tmp_path)
    assert state is not None
    assert state[1]["update"] in (2, 3)
    assert (state[0]["weights/b"] == 1 + state[1]["update"]).all()


def test_a_state_that_was_not_yet_renamed_is_put_in_place(tmp_path):
    """What a kill between two renames leaves."""
    save_state(tmp_path, changed(ARRAYS, 1), {"update": 1})
    save_arrays(tmp_path / "newest.safetensors", changed(ARRAYS, 2), {"update": 2})
    state, problems = load_state(tmp_path)
    assert state is not None
    assert state[1] == {"update": 2}
    assert problems == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["last.safetensors", "previous.safetensors"]


def test_best_weights_that_stand_in_no_state_are_missed_at_once(tmp_path):
    save_state(tmp_path, ARRAYS, {"update": 20, "best_update": 10})
    with pytest.raises(DamagedError, match=r"best\.safetensors is missing: .*update 10 .*update 20: put the file back"):
        check_state(tmp_path, pytest.fail)
    (tmp_path / "best.safetensors").touch()
    check_state(tmp_path, pytest.fail)


@pytest.mark.parametrize("facts", [{"update": 7, "best_update": 0}, {"update": 20, "best_update": 20}])
def test_best_weights_that_are_not_there_yet_or_can_be_made_again_are_not_missed(tmp_path, facts):
    check_state(tmp_path, pytest.fail)
    save_state(tmp_path, ARRAYS, facts)
    check_state(tmp_path, pytest.fail)


def test_a_damaged_state_is_warned_about_at_once(tmp_path):
    for update in (1, 2):
        save_state(tmp_path, ARRAYS, {"update": update})
    (tmp_path / "last.safetensors").write_bytes(b"cut")
    warnings = []
    check_state(tmp_path, warnings.append)
    assert len(warnings) == 1
    assert warnings[0].startswith(f"warning: {tmp_path / 'last.safetensors'} is damaged")
