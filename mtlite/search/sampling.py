"""The next token drawn at random."""

from __future__ import annotations

import tensorflow as tf

from mtlite.search.greedy import one_by_one
from mtlite.search.hypotheses import Hypotheses
from mtlite.search.stepper import Stepper


def draw(scores: tf.Tensor, uniform: tf.Tensor, temperature: float, top_k: int, top_p: float) -> tf.Tensor:
    """Draw one token a row among the likeliest ones.

    Args:
        scores: log p, or log p and the same number more for all tokens of a row `[batch, vocabulary]`.
        uniform: one random number in [0, 1) a row `[batch]`.
        temperature: scores are divided by it.
        top_k: keep the k likeliest tokens (Fan et al. 2018); 0 keeps all.
        top_p: keep the likeliest tokens that together reach this probability (Holtzman et al. 2020).

    Returns:
        `[batch]` int32.
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
    """Sample one hypothesis a sentence.

    Args:
        source: `[batch, source length]` ids.
        limits: tokens that each hypothesis may have at most `[batch]`.
        uniforms: random numbers in [0, 1) `[batch, longest limit]`: with numbers of its own, a sentence's sample does
            not depend on its neighbours.
        temperature: see `draw`.
        top_k: see `draw`.
        top_p: see `draw`.
    """

    def choose(scores: tf.Tensor, at: tf.Tensor, sentences: tf.Tensor) -> tf.Tensor:
        return draw(scores, tf.gather(uniforms[:, at], sentences), temperature, top_k, top_p)

    return one_by_one(stepper, source, limits, choose)
