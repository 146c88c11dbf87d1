"""The next token drawn at random."""

from __future__ import annotations

import tensorflow as tf

from mtlite.search.greedy import one_by_one
from mtlite.search.hypotheses import Hypotheses
from mtlite.search.stepper import Stepper


def draw(scores: tf.Tensor, uniform: tf.Tensor, temperature: float, top_k: int, top_p: float) -> tf.Tensor:
    """Draw one token a row `[batch]` int32 among the likeliest ones.

    Args:
        scores: log p, up to a constant for each row `[batch, vocabulary]`.
        uniform: one random number in [0, 1) a row `[batch]`.
        temperature: scores are divided by it.
        top_k: keep the k likeliest tokens (Fan et al. 2018); 0 keeps all.
        top_p: keep the likeliest tokens that together reach this probability (Holtzman et al. 2020).
    """
    size = scores.shape[-1]
    kept = min(top_k, size) if top_k else size
    values, tokens = tf.math.top_k(scores / temperature, kept)
    probabilities = tf.nn.softmax(values)
    before = tf.cumsum(probabilities, axis=-1, exclusive=True)
    probabilities = tf.where(before < top_p, probabilities, 0.0)
    cumulative = tf.cumsum(probabilities, axis=-1)
    at = tf.reduce_sum(tf.cast(cumulative <= uniform[:, None] * cumulative[:, -1:], tf.int32), axis=-1)
    at = tf.minimum(at, tf.math.count_nonzero(probabilities, axis=-1, dtype=tf.int32) - 1)
    return tf.gather(tokens, at, batch_dims=1)


def sample(
    stepper: Stepper,
    source: tf.Tensor,
    limits: tf.Tensor,
    uniforms: tf.Tensor,
    temperature: float,
    top_k: int,
    top_p: float,
) -> Hypotheses:
    """Sample one hypothesis a sentence; arguments as `one_by_one` and `draw`.

    `uniforms` are random numbers in [0, 1) `[batch, longest limit]`: each sentence has its own, so that its sample does
    not depend on its neighbours.
    """

    def choose(scores: tf.Tensor, at: tf.Tensor, sentences: tf.Tensor) -> tf.Tensor:
        return draw(scores, tf.gather(uniforms[:, at], sentences), temperature, top_k, top_p)

    return one_by_one(stepper, source, limits, choose)
