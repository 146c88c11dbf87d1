"""The sum over all workers, in their order.

TensorFlow's ring adds each piece of a gradient in another order. Here each worker gets one piece from all, adds the
pieces in the order of the workers, and gives the sum to all: the bits are those of one process that adds the same
gradients one after another, and the traffic is that of a ring.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import tensorflow as tf

_GROUP = 28_020  # TensorFlow counts its own groups from 1
_SCATTER, _GATHER = 1, 2  # within the group


def sum_in_order(tensors: list[tf.Tensor], shapes: Sequence[Sequence[int]], workers: int) -> list[tf.Tensor]:
    """Sum float32 tensors over workers with one device each: `((first + second) + third) + …`.

    `shapes` are theirs, which a graph may not know.
    """
    sizes = [math.prod(shape) for shape in shapes]
    padding = -sum(sizes) % workers
    flat = tf.concat([*(tf.reshape(tensor, [-1]) for tensor in tensors), tf.zeros([padding])], axis=0)
    among = {"group_size": workers, "group_key": _GROUP, "ordering_token": []}
    pieces = tf.raw_ops.CollectiveAllToAllV2(input=tf.reshape(flat, [workers, -1]), instance_key=_SCATTER, **among)
    total = pieces[0]
    for number in range(1, workers):
        total += pieces[number]
    flat = tf.raw_ops.CollectiveGatherV2(input=total, instance_key=_GATHER, **among)
    parts = tf.split(flat, [*sizes, padding])[:-1]
    return [tf.reshape(part, shape) for part, shape in zip(parts, shapes, strict=True)]
