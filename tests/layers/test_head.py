from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtlite.layers.embedding import Embedding
from mtlite.layers.head import Head


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("tied", [True, False])
def test_cross_entropy_is_that_of_the_logits(tied: bool, smoothing: float, random: np.random.Generator) -> None:
    keras.utils.set_random_seed(1)
    size, vocabulary, count = 6, 11, 9
    embedding = Embedding(vocabulary, 4) if tied else None
    head = Head(vocabulary, embedding)
    features = tf.constant(random.normal(size=(count, size)), tf.float32)
    labels = tf.constant(random.integers(0, vocabulary, count))
    if embedding is not None:
        embedding.build()
    head(features)
    for weight in head.weights:
        weight.assign(random.normal(size=weight.shape))
    watched = [features, *(weight.value for weight in head.trainable_variables)]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(features)
        total, nll = head.cross_entropy(features, labels, smoothing)
        logits = head(features)
        one_hot = tf.one_hot(labels, vocabulary)
        expected_nll = keras.losses.categorical_crossentropy(one_hot, logits, from_logits=True)
        expected = keras.losses.categorical_crossentropy(one_hot, logits, from_logits=True, label_smoothing=smoothing)
        # Every position with a weight of its own, so that no error cancels out.
        ours, reference = (tf.reduce_sum(loss * tf.range(1.0, count + 1)) for loss in (total, expected))
    np.testing.assert_allclose(nll, expected_nll, rtol=1e-5)
    np.testing.assert_allclose(total, expected, rtol=1e-5)
    for got, wanted in zip(tape.gradient(ours, watched), tape.gradient(reference, watched), strict=True):
        np.testing.assert_allclose(tf.convert_to_tensor(got), tf.convert_to_tensor(wanted), rtol=1e-4, atol=1e-4)


def test_logits_of_any_shape() -> None:
    head = Head(7, None)
    features = tf.random.stateless_normal([2, 3, 5], seed=[1, 2])
    logits = head(features)
    assert logits.shape == (2, 3, 7)
    np.testing.assert_allclose(head(features[0]), logits[0], atol=1e-6)


def test_tied_weights_are_the_embeddings() -> None:
    keras.utils.set_random_seed(1)
    embedding = Embedding(7, 4)
    embedding.build()
    head = Head(7, embedding)
    features = tf.random.stateless_normal([3, 5], seed=[1, 2])
    expected = features @ head_projection(head, features) @ tf.transpose(embedding.table.value)
    np.testing.assert_allclose(head(features), expected, atol=1e-6)


def head_projection(head: Head, features: tf.Tensor) -> tf.Tensor:
    head(features)
    return head.projection.value
