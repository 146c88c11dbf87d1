from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from mtlite.layers.dtypes import cast_ahead, in_dtype


def test_a_weight_is_cast_where_it_is_used() -> None:
    weight = keras.Variable([[1.001, 2.0]])
    assert in_dtype(weight, "float32").dtype == tf.float32
    np.testing.assert_array_equal(in_dtype(weight, "bfloat16"), tf.cast(weight.value, tf.bfloat16))


def test_within_a_search_it_is_cast_once() -> None:
    first, second = keras.Variable([[1.0]]), keras.Variable([[2.0]])
    with cast_ahead([first], "bfloat16"):
        assert in_dtype(first, "bfloat16") is in_dtype(first, "bfloat16")
        assert in_dtype(first, "float32").dtype == tf.float32
        assert in_dtype(second, "bfloat16") is not in_dtype(second, "bfloat16")
        with cast_ahead([second], "bfloat16"):  # an ensemble
            assert in_dtype(second, "bfloat16") is in_dtype(second, "bfloat16")
            assert in_dtype(first, "bfloat16") is in_dtype(first, "bfloat16")
    assert in_dtype(first, "bfloat16") is not in_dtype(first, "bfloat16")


def test_a_search_after_an_update_has_the_new_weights() -> None:
    weight = keras.Variable([[1.0]])

    @tf.function
    def search() -> tf.Tensor:
        with cast_ahead([weight], "bfloat16"):
            return tf.while_loop(
                lambda total: total < 4,
                lambda total: total + in_dtype(weight, "bfloat16"),
                [tf.zeros([1, 1], tf.bfloat16)],
            )[0]

    assert search() == 4.0
    weight.assign([[3.0]])
    assert search() == 6.0
