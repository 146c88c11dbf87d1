"""Search where all positions are written in one pass: the likeliest token at each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from mtlite.data.ids import BOS, EOS, PAD, UNK
from mtlite.search.hypotheses import Hypotheses
from mtlite.topologies.direct import Direct


def likeliest(
    models: Sequence[Direct], source: tf.Tensor, count: int, never: Sequence[int], pad_penalty: float = 0.0
) -> tuple[tf.Tensor, tf.Tensor]:
    """The likeliest tokens at every output position but for some, by the mean of the models' probabilities.

    The models have the same positions. `pad_penalty` is taken from the logit of id 0, which is the blank where there is
    one. Gives log p and tokens, best first, both `[batch, positions, count]`.
    """
    features = [model.features(source) for model in models]
    vocabulary = models[0].config.target_vocabulary
    left_out = tf.reduce_sum(tf.one_hot(never, vocabulary, on_value=-np.inf, off_value=0.0), axis=0)
    penalties = tf.one_hot(PAD, vocabulary, pad_penalty, 0.0)

    def at_position(at: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        each = [tf.nn.log_softmax(model.head(x[:, at]) - penalties) for model, x in zip(models, features, strict=True)]
        joined = each[0] if len(each) == 1 else tf.reduce_logsumexp(tf.stack(each), axis=0) - float(np.log(len(each)))
        best = tf.math.top_k(joined + left_out, count)
        return best.values, best.indices

    # One position after another: the probabilities of all positions at once would need much memory.
    positions = tf.range(tf.shape(features[0])[1])
    values, tokens = tf.map_fn(at_position, positions, fn_output_signature=(tf.float32, tf.int32))
    return tf.transpose(values, [1, 0, 2]), tf.transpose(tokens, [1, 0, 2])


def one_pass(models: Sequence[Direct], source: tf.Tensor, min_length: int = 0) -> Hypotheses:
    """Take the likeliest token at every position, up to the first `</s>` or the last position.

    The first `min_length` positions are no `</s>`. The score of the one hypothesis a sentence is log p of its tokens
    and its `</s>`.
    """
    log_p, tokens = likeliest(models, source, 2 if min_length else 1, never=(PAD, BOS, UNK))
    ends_early = (tf.range(tf.shape(tokens)[1]) < min_length) & (tokens[:, :, 0] == EOS)
    log_p, tokens = (tf.where(ends_early, each[:, :, -1], each[:, :, 0]) for each in (log_p, tokens))
    ended = tf.cumsum(tf.cast(tokens == EOS, tf.int32), axis=1, exclusive=True) > 0
    written = ~ended & tf.sequence_mask(models[0].positions(source), tf.shape(tokens)[1])
    scores = tf.reduce_sum(tf.where(written, log_p, 0.0), axis=1)
    return Hypotheses(tf.where(written, tokens, PAD)[:, None], scores[:, None], no_attention(tokens))


def no_attention(tokens: tf.Tensor) -> tf.Tensor:
    """The attention of models without any: `[batch, length]` → `[batch, length, 0]`."""
    return tf.zeros([*tf.unstack(tf.shape(tokens)), 0])
