"""Options are chosen on the dev set."""

from __future__ import annotations

from made_up import made_up

from mtlite.ablation.tuning import best_options, tuning_outcomes
from mtlite.comparison.systems import System


def test_the_best_on_dev_is_chosen() -> None:
    header, outcomes = made_up(tune={"training.learning_rate": [0.1, 0.3, 0.2]})
    assert best_options(header.ablation, System("peek"), outcomes) == {"training.learning_rate": 0.3}
    assert list(tuning_outcomes(header.ablation, System("peek"), outcomes)) == [
        "learning_rate=0.1", "learning_rate=0.3", "learning_rate=0.2",
    ]  # fmt: skip


def test_of_what_was_not_tried_nothing_is_chosen() -> None:
    header, outcomes = made_up(tune={"training.learning_rate": [0.1, 0.3]})
    assert best_options(header.ablation, System("peek"), {}) is None
    del outcomes["peek-learning_rate=0.3-tuning"]
    assert best_options(header.ablation, System("peek"), outcomes) == {"training.learning_rate": 0.1}
