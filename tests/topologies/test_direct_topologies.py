"""Where the direct topologies write."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from small_models import build

from mtlite.config.length_rules import LengthRule, LengthRules
from mtlite.data.ids import EOS, PAD
from mtlite.topologies.direct import copies, followed_by_blanks, window

SOURCE = np.array([[5, 6, 7, 8, EOS], [9, EOS, PAD, PAD, PAD]])
ANY = np.array([[EOS], [EOS]])


def test_blanks_start_where_each_row_ends() -> None:
    vectors = np.arange(1.0, 13.0, dtype=np.float32).reshape(2, 3, 2)
    longer = followed_by_blanks(tf.constant(vectors), tf.constant([3, 1]), tf.constant([5, 4])).numpy()
    assert longer.shape == (2, 5, 2)
    np.testing.assert_array_equal(longer[0, :3], vectors[0])
    np.testing.assert_array_equal(longer[1, :1], vectors[1, :1])
    assert not longer[0, 3:].any()
    assert not longer[1, 1:].any()
    # Enough room already: nothing is cut.
    assert followed_by_blanks(tf.constant(vectors), tf.constant([2, 1]), tf.constant([2, 1])).shape == (2, 3, 2)


def test_window_starts_at_each_row() -> None:
    outputs = tf.reshape(tf.range(10), [2, 5, 1])
    found = window(outputs, tf.constant([2, 0]), tf.constant([2, 3]))[..., 0].numpy()
    assert found.shape == (2, 3)
    assert found[0, :2].tolist() == [2, 3]
    assert found[1].tolist() == [5, 6, 7]


def test_copies() -> None:
    repeated = copies(tf.constant([[1, 2], [3, 4]]), tf.constant([2, 3])).numpy()
    assert repeated.tolist() == [[[1, 2]] * 3, [[3, 4]] * 3]


@pytest.mark.parametrize("rule", [LengthRule(1.3, 0.75), LengthRule(0.35, -2.5), LengthRule(0.0, 4.0)])
def test_positions_are_those_of_the_rule(rule: LengthRule) -> None:
    model = build("padded", lengths=LengthRules(rule, rule, fixed=4, expansion=2))
    lengths = np.arange(1, 60)
    rows = np.where(np.arange(60) < lengths[:, None], 5, PAD)
    np.testing.assert_array_equal(model.positions(rows), rule(lengths))
    found = {
        name: build(name, lengths=LengthRules(rule, rule, fixed=4, expansion=2)).positions(SOURCE).numpy().tolist()
        for name in ("one-to-one", "aligned", "vector-dense", "ctc")
    }
    assert found == {"one-to-one": [5, 2], "aligned": [5, 2], "vector-dense": [4, 4], "ctc": [10, 4]}


def test_last_n_lies_between_aligned_and_padded() -> None:
    aligned, padded = build("aligned", bidirectional=False), build("padded")
    models = {wait: build("last-n", wait=wait) for wait in (0.0, 0.5, 1.0)}
    for model in (padded, *models.values()):
        model.set_weights(aligned.get_weights())
    logits = {wait: model((SOURCE, ANY)).numpy() for wait, model in models.items()}
    for row, length in enumerate((5, 2)):
        read_at_once = aligned((SOURCE, ANY))[row, :length]
        np.testing.assert_allclose(logits[0.0][row, :length], read_at_once, atol=1e-6)  # it has more room at the end
        np.testing.assert_allclose(logits[1.0][row], padded((SOURCE, ANY))[row], atol=1e-6)
    # wait 0.5 of 5 is 3: the first output is that of the fourth step
    np.testing.assert_allclose(logits[0.5][0, 0], logits[0.0][0, 3], atol=1e-6)


def test_last_n_of_a_long_source_is_a_slice_of_its_outputs() -> None:
    rule = LengthRule(0.0, 2.0)
    model = build("last-n", lengths=LengthRules(rule, rule, fixed=2, expansion=2))
    outputs, _ = model.lstm(model.source_embedding(SOURCE[:1]))
    np.testing.assert_allclose(model((SOURCE[:1], ANY[:1])), model.head(outputs[:, -2:]), atol=1e-6)


def test_one_to_many_has_lost_the_order() -> None:
    model = build("one-to-many")
    logits = model((np.array([[5, 6, 7, EOS], [7, 5, 6, EOS]]), ANY))
    np.testing.assert_allclose(logits[0], logits[1], atol=1e-6)


def test_one_to_one_sees_one_token() -> None:
    model = build("one-to-one")
    logits = model((np.array([[5, 6, 7, EOS], [7, 6, 5, EOS]]), ANY)).numpy()
    np.testing.assert_array_equal(logits[0, [0, 1, 2]], logits[1, [2, 1, 0]])
