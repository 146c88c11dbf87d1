"""The result of every search."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf


class Hypotheses(NamedTuple):
    """The n best hypotheses of every sentence, best first. Ids end with `</s>` where one was written; pad after it."""

    ids: tf.Tensor  # [batch, n, length] int32
    scores: tf.Tensor  # [batch, n] log p, length-normalised where the search does so
    attention: tf.Tensor  # [batch, length, source length] of the best hypothesis; source length 0 without attention
