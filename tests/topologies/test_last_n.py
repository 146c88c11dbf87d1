"""Last-n lies between aligned and padded."""

from __future__ import annotations

import numpy as np
from small_models import build

from mtlite.config.length_rules import LengthRule, LengthRules
from mtlite.data.ids import EOS, PAD

SOURCE = np.array([[5, 6, 7, 8, EOS], [9, EOS, PAD, PAD, PAD]])
ANY = np.array([[EOS], [EOS]])


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
