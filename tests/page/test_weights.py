from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from mtlite.page.weights import Precision, pack, rounded, unpack

ARRAYS = {
    "matrix": np.random.default_rng(1).normal(size=(5, 6)).astype(np.float32),
    "bias": np.array([0.1, -3e-9, 7e8], np.float32),
    "zeros": np.zeros((2, 3), np.float32),
}


@pytest.mark.parametrize(("precision", "size"), [("float32", 156), ("bfloat16", 84), ("int8", 76)])
def test_arrays_lie_one_after_another(precision: Precision, size: int) -> None:
    tensors, content = pack(ARRAYS, precision)
    assert len(content) == size
    assert [(each.name, each.shape) for each in tensors] == [(name, each.shape) for name, each in ARRAYS.items()]
    assert [each.offset for each in tensors[1:]] == [each.offset + each.bytes for each in tensors[:-1]]
    assert tensors[1].format == "float32"
    found = unpack(tensors, content)
    for name, array in ARRAYS.items():
        assert found[name].dtype == np.float32
        np.testing.assert_allclose(found[name], array, atol={"float32": 0, "bfloat16": 0.02, "int8": 0.02}[precision])
    np.testing.assert_array_equal(found["bias"], ARRAYS["bias"])


def test_bfloat16_is_rounded_to_the_nearest() -> None:
    bits = np.random.default_rng(2).integers(0, 2**32, 10_000, np.uint32)
    halfway = np.arange(0x3F80_8000, 0x3FA0_8000, 0x1_0000, dtype=np.uint32)
    values = np.concatenate([bits, halfway]).view(np.float32)
    values = values[np.isfinite(values)][None]
    expected = values.astype(ml_dtypes.bfloat16).astype(np.float32)
    np.testing.assert_array_equal(rounded({"a": values}, "bfloat16")["a"], expected)


def test_each_row_of_int8_has_a_scale() -> None:
    rows = np.array([[127, -64, 0.4, 0.6], [-1.27e-3, 1e-5, 0, 0], [0, 0, 0, 0]], np.float32)
    expected = np.array([[127, -64, 0, 1], [-1.27e-3, 1e-5, 0, 0], [0, 0, 0, 0]], np.float32)
    np.testing.assert_allclose(rounded({"a": rows}, "int8")["a"], expected, rtol=1e-6)
