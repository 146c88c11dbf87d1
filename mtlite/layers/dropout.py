"""Dropout (Srivastava et al. 2014) as a pure function of a seed, so that a resumed run equals an uninterrupted one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from zlib import crc32

import tensorflow as tf

_STEPS = 256  # one random byte decides over one number, which is four times as fast as one random float
_SEED: ContextVar[tf.Tensor | None] = ContextVar("dropout_seed", default=None)


@contextmanager
def dropout_seed(seed: tf.Tensor | None) -> Iterator[None]:
    """Let `dropout` inside drop numbers as the seed `[2]` says; without a seed it drops nothing."""
    token = _SEED.set(seed)
    try:
        yield
    finally:
        _SEED.reset(token)


@contextmanager
def another_dropout_seed(number: int) -> Iterator[None]:
    """Derive another seed inside: what is used twice need not drop the same twice."""
    seed = _SEED.get()
    with dropout_seed(None if seed is None else tf.random.experimental.stateless_fold_in(seed, number)):
        yield


def dropout(x: tf.Tensor, rate: float, name: str, whole_positions: bool = False) -> tf.Tensor:
    """Set a share of the numbers of `x` `[..., size]` to zero and scale the rest, if a seed is in force.

    Args:
        rate: the share, in steps of 1/256.
        name: tells the layers of a model apart, which must not drop the same positions.
        whole_positions: drop the whole last axis at once (word dropout) instead of single numbers.
    """
    seed, threshold = _SEED.get(), min(round(rate * _STEPS), _STEPS - 1)
    if seed is None or threshold == 0:
        return x
    shape = tf.shape(x)
    if whole_positions:
        shape = tf.concat([shape[:-1], [1]], axis=0)
    count = tf.reduce_prod(shape)
    seed = tf.random.experimental.stateless_fold_in(seed, crc32(name.encode()) & 0x7FFFFFFF)
    words = tf.random.stateless_uniform([(count + 3) // 4], seed, None, None, tf.uint32)
    random_bytes = tf.reshape(tf.reshape(tf.bitcast(words, tf.uint8), [-1])[:count], shape)
    kept = tf.cast(random_bytes >= threshold, x.dtype)
    return x * (kept * tf.cast(_STEPS / (_STEPS - threshold), x.dtype))
