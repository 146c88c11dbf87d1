"""All prefixes at once are the same as one call per prefix."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from small_models import build

from mtlite.data.ids import BOS, EOS, PAD

SOURCE = np.array([[5, 6, 7, EOS], [8, EOS, PAD, PAD], [9, 10, EOS, PAD]])
TARGET = np.array([[11, 12, EOS, PAD], [4, 5, 6, EOS], [EOS, PAD, PAD, PAD]])


@pytest.mark.parametrize("joint", [True, False])
def test_in_parallel_equals_prefix_by_prefix(joint: bool) -> None:
    model = build("many-to-one", layers=2, joint=joint, layer_normalization=True, residual=True)
    logits = model((SOURCE, TARGET)).numpy()
    for row, (source, target) in enumerate(zip(SOURCE, TARGET, strict=True)):
        read = model.source_embedding(source[None, source != PAD])
        for at in range(np.count_nonzero(target)):
            so_far = model.target_embedding(np.array([[BOS, *target[:at]]]))
            outputs, _ = model.lstm(tf.concat([read, so_far], axis=1))  # source, </s>, <s>, target: no gap between
            np.testing.assert_allclose(model.head(outputs[:, -1])[0], logits[row, at], atol=1e-5)


def test_is_an_encoder_decoder_with_shared_weights() -> None:
    model = build("many-to-one", layers=2)
    other = build("encoder-decoder", seed=2, layers=2, bidirectional=False)
    for part in (other.encoder, other.decoder):
        part.set_weights(model.lstm.get_weights())
    other.source_embedding.set_weights(model.source_embedding.get_weights())
    for theirs, ours in zip(other.head.weights, model.head.weights, strict=True):
        theirs.assign(ours)
    np.testing.assert_allclose(other((SOURCE, TARGET)), model((SOURCE, TARGET)), atol=1e-6)
    shared = sum(np.prod(weight.shape) for weight in model.lstm.weights)
    assert other.count_params() == model.count_params() + shared
