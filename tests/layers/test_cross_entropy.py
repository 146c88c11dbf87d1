from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from mtlite.layers.cross_entropy import cross_entropy

FACTORS = ("x", "weights", "bias")


def factors_of(positions: int, vocabulary: int, random: np.random.Generator) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    shapes = zip(FACTORS, ((positions, 5), (vocabulary, 5), (vocabulary,)), strict=True)
    factors = {name: tf.constant(random.normal(size=shape), tf.float32) for name, shape in shapes}
    return factors, tf.constant(random.integers(0, vocabulary, positions))


def reference(
    factors: dict[str, tf.Tensor], labels: tf.Tensor, smoothing: float, upstream: np.ndarray
) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
    """By TensorFlow's own operations in float64, all logits at once."""
    exact = [tf.cast(factors[name], tf.float64) for name in FACTORS]
    with tf.GradientTape() as tape:
        tape.watch(exact)
        log_p = tf.nn.log_softmax(tf.matmul(exact[0], exact[1], transpose_b=True) + exact[2])
        nll = -tf.gather(log_p, labels, batch_dims=1)
        total = (1 - smoothing) * nll - smoothing * tf.reduce_mean(log_p, axis=-1)
        loss = tf.reduce_sum(total * upstream)
    return total, nll, tape.gradient(loss, exact)


def relative_error(got: tf.Tensor, wanted: tf.Tensor) -> float:
    return float(tf.norm(tf.cast(got, tf.float64) - wanted) / tf.norm(wanted))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(
    ("positions", "vocabulary"), [(1, 3), (64, 30_000), (65, 30_000), (150, 9_001), (9, 11)], ids=str
)
@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
def test_values_and_gradients_are_those_of_all_logits_at_once(
    positions: int, vocabulary: int, smoothing: float, graph: bool, random: np.random.Generator
) -> None:
    factors, labels = factors_of(positions, vocabulary, random)
    upstream = random.uniform(-1, 2, positions)  # a weight of its own for every position: no error cancels out

    def run(x: tf.Tensor, weights: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        with tf.GradientTape() as tape:
            tape.watch([x, weights, bias])
            total, nll = cross_entropy(x, weights, bias, labels, smoothing)
            loss = tf.reduce_sum(total * tf.cast(upstream, tf.float32))
        return total, nll, tape.gradient(loss, [x, weights, bias])

    signature = [tf.TensorSpec([None, 5]), tf.TensorSpec([vocabulary, 5]), tf.TensorSpec([vocabulary])]
    total, nll, gradients = (tf.function(run, input_signature=signature) if graph else run)(*factors.values())
    expected_total, expected_nll, expected = reference(factors, labels, smoothing, upstream)
    np.testing.assert_allclose(nll, expected_nll, rtol=2e-6, atol=2e-6)
    np.testing.assert_allclose(total, expected_total, rtol=2e-6, atol=2e-6)
    for got, wanted in zip(gradients, expected, strict=True):
        assert relative_error(got, wanted) <= 2e-6


def test_products_in_bfloat16(random: np.random.Generator) -> None:
    factors, labels = factors_of(150, 9_001, random)
    low = tf.cast(factors["x"], tf.bfloat16)
    factors["x"] = tf.cast(low, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch([low, factors["weights"], factors["bias"]])
        total, nll = cross_entropy(low, factors["weights"], factors["bias"], labels, 0.1)
        loss = tf.reduce_sum(total)
    gradients = tape.gradient(loss, [low, factors["weights"], factors["bias"]])
    assert [each.dtype for each in (total, nll, *gradients)] == [tf.float32, tf.float32, tf.bfloat16, *[tf.float32] * 2]
    expected_total, expected_nll, expected = reference(factors, labels, 0.1, np.ones(150))
    # Processors without products in bfloat16 round their results to it as well: by 1 in 256 at most.
    np.testing.assert_allclose(nll, expected_nll, rtol=0.004, atol=0.05)
    np.testing.assert_allclose(total, expected_total, rtol=0.004, atol=0.05)
    for got, wanted in zip(gradients, expected, strict=True):
        assert relative_error(got, wanted) <= 0.01


def test_extreme_logits(random: np.random.Generator) -> None:
    logits = tf.constant(np.concatenate([random.normal(size=(4, 6)) * 1e3, np.full((1, 6), -7e4)]), tf.float32)
    labels = tf.constant([0, 5, 2, 3, 1])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        ours, nll = cross_entropy(logits, tf.eye(6), tf.zeros(6), labels)
        expected = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    np.testing.assert_allclose(ours, expected, rtol=1e-6)
    np.testing.assert_array_equal(nll, ours)
    np.testing.assert_allclose(tape.gradient(ours, logits), tape.gradient(expected, logits), rtol=1e-5, atol=1e-7)
    assert tape.gradient(nll, logits) is None


def test_no_positions(random: np.random.Generator) -> None:
    factors, labels = factors_of(0, 7, random)
    with tf.GradientTape() as tape:
        tape.watch(factors["weights"])
        total, nll = cross_entropy(**factors, labels=labels)
        loss = tf.reduce_sum(total)
    assert total.shape == nll.shape == (0,)
    np.testing.assert_array_equal(tape.gradient(loss, factors["weights"]), np.zeros([7, 5]))
