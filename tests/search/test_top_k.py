import numpy as np
import pytest
import tensorflow as tf

from mtlite.search.top_k import top_k


@pytest.mark.parametrize("columns", [1, 7, 99, 100, 101, 600, 1003])
@pytest.mark.parametrize("count", [1, 2, 5, 9])
@pytest.mark.parametrize("different", [3, 10**6])
def test_as_top_k(columns, count, different):
    """Also with many equal numbers, and where some are impossible."""
    count = min(count, columns)
    values = np.random.default_rng(columns).integers(0, different, (40, columns)).astype(np.float32)
    values[:20, ::3] = -np.inf
    found, columns_found = tf.function(top_k)(tf.constant(values), count)
    expected, expected_columns = tf.math.top_k(values, count)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(columns_found, expected_columns)
