"""Weights in the number format of products: cast where they are used, or once for all steps of a search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import keras
import tensorflow as tf

_KNOWN: ContextVar[dict[int, tf.Tensor] | None] = ContextVar("known", default=None)


def in_format(weight: keras.Variable, kind: str | tf.DType) -> tf.Tensor:
    """The weight as a tensor in a number format."""
    known = (_KNOWN.get() or {}).get(id(weight))
    if known is not None and known.dtype == tf.as_dtype(kind):
        return known
    return tf.cast(tf.convert_to_tensor(weight), kind)


@contextmanager
def cast_once(weights: Iterable[keras.Variable], kind: str | tf.DType) -> Iterator[None]:
    """Inside, `in_format` gives these weights as they are now: a loop that asks at every step casts nothing.

    Args:
        weights: factors of products.
        kind: their number format.
    """
    token = _KNOWN.set({**(_KNOWN.get() or {}), **{id(weight): in_format(weight, kind) for weight in weights}})
    try:
        yield
    finally:
        _KNOWN.reset(token)
