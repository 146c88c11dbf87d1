import numpy as np
import pytest

from mtlite.errors import RunError
from mtlite.storage.tensors import load_arrays, save_arrays

ARRAYS = {"weights/a": np.arange(6, dtype=np.float32).reshape(2, 3), "weights/b": np.ones(4, np.float32)}


def test_what_is_saved_is_loaded(tmp_path):
    save_arrays(tmp_path / "a.safetensors", ARRAYS, {"update": 3})
    arrays, facts = load_arrays(tmp_path / "a.safetensors")
    assert facts == {"update": 3}
    assert arrays.keys() == ARRAYS.keys()
    assert all((arrays[name] == ARRAYS[name]).all() for name in ARRAYS)


def test_equal_states_are_equal_files(tmp_path):
    for name in ("a", "b"):
        save_arrays(tmp_path / f"{name}.safetensors", ARRAYS, {"update": 3})
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.99])
def test_a_flipped_bit_anywhere_is_recognised(tmp_path, share):
    path = tmp_path / "a.safetensors"
    save_arrays(path, ARRAYS, {"update": 3})
    content = bytearray(path.read_bytes())
    content[int(share * len(content))] ^= 16
    path.write_bytes(content)
    with pytest.raises(RunError, match=str(path)):
        load_arrays(path)


@pytest.mark.parametrize("kept", [0, 1, 7, 60, 200, -1])
def test_a_truncated_file_is_recognised(tmp_path, kept):
    path = tmp_path / "a.safetensors"
    save_arrays(path, ARRAYS, {"update": 3})
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(RunError, match=str(path)):
        load_arrays(path)


def test_the_order_of_facts_does_not_matter(tmp_path):
    for name, facts in (("a", {"update": 3, "epoch": 1}), ("b", {"epoch": 1, "update": 3})):
        save_arrays(tmp_path / name, ARRAYS, facts)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_file_may_have_all_the_bytes_that_are_allowed(tmp_path):
    path = tmp_path / "a.safetensors"
    save_arrays(path, ARRAYS, {})
    size = path.stat().st_size
    assert load_arrays(path, size)[1] == {}
    with pytest.raises(RunError, match=f"{path} has {size} bytes: expected at most {size - 1}"):
        load_arrays(path, size - 1)


def test_what_cannot_be_read_is_said_with_its_reason(tmp_path):
    with pytest.raises(RunError, match=f"cannot read {tmp_path} .*folder"):
        load_arrays(tmp_path)
