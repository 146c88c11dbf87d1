"""Weights in the dtype of products: cast where they are used, or once for all steps of a search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import keras
import tensorflow as tf

_CAST: ContextVar[dict[int, tf.Tensor] | None] = ContextVar("cast", default=None)


def in_dtype(weight: keras.Variable, dtype: str | tf.DType) -> tf.Tensor:
    """The weight as a tensor of this dtype."""
    cast = (_CAST.get() or {}).get(id(weight))
    if cast is not None and cast.dtype == tf.as_dtype(dtype):
        return cast
    return tf.cast(tf.convert_to_tensor(weight), dtype)


@contextmanager
def cast_ahead(weights: Iterable[keras.Variable], dtype: str | tf.DType) -> Iterator[None]:
    """Let `in_dtype` inside give these weights as they are now: a loop that asks at every step casts nothing."""
    token = _CAST.set({**(_CAST.get() or {}), **{id(weight): in_dtype(weight, dtype) for weight in weights}})
    try:
        yield
    finally:
        _CAST.reset(token)
