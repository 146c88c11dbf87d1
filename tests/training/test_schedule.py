from typing import get_args

import pytest

from mtlite.config.options import TrainingConfig
from mtlite.config.recipe import options
from mtlite.config.resolve import choose_budget
from mtlite.training.schedule import learning_rate

(SCHEDULES,) = (get_args(option.kind) for option in options() if option.name == "training.schedule")


def rates(schedule, updates, **given):
    asked = TrainingConfig(
        schedule=schedule, learning_rate=0.01, **{"max_updates": 1000, "warmup_updates": 100, **given}
    )
    config = choose_budget(asked, pairs=100, tokens=1000)
    return [learning_rate(config, update) for update in updates]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [  # first, half of the warm-up, its end, later, the last
        ("constant", [0.0001, 0.005, 0.01, 0.01, 0.01]),
        ("linear", [0.0001, 0.005, 0.01, 0.01 * (0.1 + 0.9 * 0.5), 0.001]),
        ("cosine", [0.0001, 0.005, 0.01, 0.01 * (0.1 + 0.9 * 0.5), 0.001]),
        ("inverse-square-root", [0.0001, 0.005, 0.01, 0.01 * (100 / 550) ** 0.5, 0.01 * 0.1**0.5]),
    ],
)
def test_key_updates(schedule, expected):
    assert rates(schedule, [1, 50, 100, 550, 1000], final_learning_rate=0.1) == pytest.approx(expected)


def test_cosine_falls_slowly_at_first_and_at_last():
    first, last = rates("cosine", [325, 775], final_learning_rate=0.0)
    assert first == pytest.approx(0.01 * (1 + 0.5**0.5) / 2)
    assert last == pytest.approx(0.01 * (1 - 0.5**0.5) / 2)


def test_each_cycle_runs_from_half_the_peak_of_the_one_before():
    given = {"warmup_updates": 100, "final_learning_rate": 0.0, "cycles": 4, "max_updates": 1000}
    found = rates("linear", [50, 100, 175, 250, 251, 375, 500, 501, 751, 1000], **given)
    expected = [0.005, 0.01, 0.005, 0, 0.005 * 249 / 250, 0.0025, 0, 0.0025 * 249 / 250, 0.00125 * 249 / 250, 0]
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("warmup", [0, 1, 1000, 5000])
def test_every_rate_is_positive_and_no_higher_than_the_peak(schedule, warmup):
    for rate in rates(schedule, range(1, 1001), warmup_updates=warmup):
        assert 0 < rate <= 0.01


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_without_warm_up_the_first_rate_is_the_peak(schedule):
    assert rates(schedule, [1], warmup_updates=0) == pytest.approx([0.01], rel=2e-3)
