"""What a training says of its curves: only what stands out, with the option that acts on it."""

from __future__ import annotations

from typing import Any

import pytest

from mtlite.config.options import Config, ModelConfig, TrainingConfig
from mtlite.config.resolve import choose_budget, choose_sizes, resolved
from mtlite.storage.training_log import Validated
from mtlite.training.curves import advice


def said(losses: list[float], bleus: list[float], dropout: float = 0.1) -> str:
    updates = 1000
    config = Config(model=ModelConfig(dropout=dropout), training=TrainingConfig(max_updates=updates))
    whole: Any = resolved(config, *choose_sizes(config, 1000), choose_budget(config.training, 1000, 10_000))
    each = updates // len(losses)
    validations = [
        Validated(update=each * number, dev_loss=loss, dev_bleu=bleu, best=False, seconds=1.0)
        for number, (loss, bleu) in enumerate(zip(losses, bleus, strict=True), 1)
    ]
    return "\n".join(advice(whole, validations))


FALLING, LEVEL = [3.0, 2.0, 1.5, 1.2, 1.1], [5.0, 15.0, 19.8, 20.0, 20.1]


def test_a_course_that_is_as_it_should_be_needs_no_words() -> None:
    assert said(FALLING, LEVEL) == ""


def test_a_curve_that_rises_to_the_end_asks_for_more_updates() -> None:
    text = said(FALLING, [5.0, 10.0, 14.0, 16.0, 18.0])
    assert text.startswith("Dev BLEU still rose: by 2.0 in the last fifth of the updates.")
    assert "--training.max_updates 2000" in text


def test_a_loss_that_rises_is_overfitting() -> None:
    text = said([3.0, 2.0, 1.5, 1.6, 1.7], LEVEL)
    assert "Dev loss rose after update 600, from 1.500 to 1.700" in text
    assert text.endswith("More pairs, --model.dropout 0.2 or --training.max_updates 600 act against that.")


@pytest.mark.parametrize(("dropout", "stronger"), [(0.45, "--model.dropout 0.5"), (0.5, None), (0.7, None)])
def test_dropout_is_raised_as_far_as_is_usual(dropout: float, stronger: str | None) -> None:
    text = said([1.0, 1.1, 1.2, 1.3, 1.4], LEVEL, dropout)
    assert (stronger or "More pairs or --training.max_updates") in text
    assert ("--model.dropout" in text) == bool(stronger)


def test_noise_is_not_overfitting() -> None:
    assert said([3.0, 2.0, 1.5, 1.2, 1.21], LEVEL) == ""


def test_a_few_validations_show_no_course() -> None:
    assert said([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]) == ""


def test_nothing_learnt_is_no_rise() -> None:
    assert said(FALLING, [0.0] * 5) == ""
