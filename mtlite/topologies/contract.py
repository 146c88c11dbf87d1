"""What a topology promises to training and search, tried out on a small batch before the first update."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from mtlite.config.read import shown
from mtlite.data.ids import BOS, EOS, PAD
from mtlite.errors import UsageError
from mtlite.topologies.autoregressive import Autoregressive, Decoded, repacked, tensors_of
from mtlite.topologies.direct import Direct
from mtlite.topologies.topology import Loss, Topology

_ROWS = 2
_SOURCE = [[4, 5, 4, EOS], [5, EOS, PAD, PAD]]
_TARGET = [[5, 4, EOS], [EOS, PAD, PAD]]


def check_topology(model: Topology) -> None:
    """Try a model on a small batch, which creates its weights; raise UsageError that names a method that is wrong."""
    with keras.name_scope(model.name):  # weights get the paths that they have when the model is called as a whole
        _check(model, tf.constant(_SOURCE), tf.constant(_TARGET))


def _check(model: Topology, source: tf.Tensor, target: tf.Tensor) -> None:
    if isinstance(model, Autoregressive):
        _check_autoregressive(model, source)
    elif isinstance(model, Direct):
        _check_direct(model, source)
    else:
        raise UsageError(f"{type(model).__name__}: expected a class that extends Autoregressive or Direct")
    logits = _called(model, "logits", source, target)
    _expect_tensor(model, "logits", "logits", logits, (_ROWS, None, model.config.target_vocabulary))
    losses = _called(model, "losses_of", source, target, 0.1)
    if not isinstance(losses, Loss):
        raise _broken(model, "losses_of", "a Loss", losses)
    for name, part in losses._asdict().items():
        _expect_tensor(model, "losses_of", name, part, (_ROWS,), tf.float32)


def _check_autoregressive(model: Autoregressive, source: tf.Tensor) -> None:
    read = _called(model, "read", source)
    if not isinstance(read, tuple | list) or len(read) != 2:
        raise _broken(model, "read", "a pair of memory and state", read)
    memory, state = read
    _expect_rows(model, "read", "memory", memory, _ROWS)
    _expect_rows(model, "read", "state", state, _ROWS)
    _decode(model, tf.fill([_ROWS, 3], BOS), state, memory)
    # As in a beam: two hypotheses of each sentence side by side.
    rows = 2 * _ROWS
    state = repacked(state, [tf.repeat(part, 2, axis=0) for part in tensors_of(state)])
    for _ in range(2):
        before, state = state, _decode(model, tf.fill([rows, 1], BOS), state, memory).state
        if not _alike(tensors_of(before), tensors_of(state)):
            raise _broken(model, "decode", f"a state like the one before ({_parts(before)})", _parts(state))


def _decode(model: Autoregressive, tokens: tf.Tensor, state: Any, memory: Any) -> Decoded:
    rows, columns = tokens.shape
    decoded = _called(model, "decode", tokens, state, memory)
    if not isinstance(decoded, Decoded):
        raise _broken(model, "decode", "Decoded(features, state)", decoded)
    _expect_tensor(model, "decode", "features", decoded.features, (rows, columns, None))
    _expect_rows(model, "decode", "state", decoded.state, rows)
    if decoded.attention is not None:
        shape = (rows, columns, len(_SOURCE[0]))
        _expect_tensor(model, "decode", "attention", decoded.attention, shape, tf.float32)
    return decoded


def _check_direct(model: Direct, source: tf.Tensor) -> None:
    positions = _called(model, "positions", source)
    _expect_tensor(model, "positions", "positions", positions, (_ROWS,), tf.int32)
    features = _called(model, "features", source)
    _expect_tensor(model, "features", "features", features, (_ROWS, None, None))
    most, there = tf.get_static_value(tf.reduce_max(positions)), features.shape[1]
    if most is not None and there is not None and there < most:  # they are not known in a graph
        raise _broken(model, "features", f"the {most} positions that `positions` says", f"{there} positions")


def _called(model: Topology, method: str, *arguments: Any) -> Any:
    """Call a method; report what it raises in one line, with the line in its author's file."""
    bound: Callable[..., Any] = getattr(model, method)
    if getattr(bound, "__isabstractmethod__", False):
        raise UsageError(f"{type(model).__name__}: expected a method {method}, found none")
    try:
        return bound(*arguments)
    except UsageError:
        raise
    except Exception as error:
        file = getattr(sys.modules.get(type(model).__module__), "__file__", None)
        frames = traceback.extract_tb(error.__traceback__)
        where = ([frame for frame in frames if frame.filename == file] or frames)[-1]
        raise UsageError(
            f"{type(model).__name__}.{method} failed in line {where.lineno} of {where.filename}: "
            f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        ) from error


def _expect_tensor(
    model: Topology, method: str, what: str, value: Any, shape: tuple[int | None, ...], dtype: Any = None
) -> None:
    """Refuse anything but a tensor of this shape; None stands for any size."""
    fitting = tf.is_tensor(value) and len(value.shape) == len(shape)
    fitting = fitting and all(None in (size, got) or size == got for size, got in zip(shape, value.shape, strict=True))
    if not fitting or dtype not in (None, value.dtype):
        expected = f"{what} of shape [{', '.join('any' if size is None else str(size) for size in shape)}]"
        raise _broken(model, method, expected + (f" {dtype.name}" if dtype else ""), value)


def _expect_rows(model: Topology, method: str, what: str, value: Any, rows: int) -> None:
    for part in tensors_of(value):
        if not tf.is_tensor(part) or not part.shape.rank or part.shape[0] not in (None, rows):
            raise _broken(model, method, f"{what} of tensors with {rows} rows", part)


def _alike(before: list[tf.Tensor], after: list[tf.Tensor]) -> bool:
    return len(before) == len(after) and all(
        old.dtype == new.dtype and old.shape.is_compatible_with(new.shape)
        for old, new in zip(before, after, strict=True)
    )


def _parts(value: Any) -> str:
    return ", ".join(_described(part) for part in tensors_of(value)) or "nothing"


def _described(value: Any) -> str:
    if isinstance(value, str):
        return value
    if tf.is_tensor(value):
        return f"shape {value.shape.as_list()} {value.dtype.name}"
    return f"{type(value).__name__} of {len(value)}" if isinstance(value, tuple | list | dict) else shown(value)


def _broken(model: Topology, method: str, expected: str, received: Any) -> UsageError:
    return UsageError(f"{type(model).__name__}.{method}: expected {expected}, received {_described(received)}")
