import pytest

from mtlite.config.options import TrainingConfig
from mtlite.training.schedule import learning_rate


def rates(schedule, updates, scale=1.0, **options):
    config = TrainingConfig(
        schedule=schedule, learning_rate=0.01, **{"max_updates": 1000, "warmup_updates": 100, **options}
    )
    return [learning_rate(config, update, scale) for update in updates]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [  # first, half of the warm-up, its end, later, the last
        ("constant", [0.0001, 0.005, 0.01, 0.01, 0.01]),
        ("linear", [0.0001, 0.005, 0.01, 0.01 * (0.1 + 0.9 * 0.5), 0.001]),
        ("cosine", [0.0001, 0.005, 0.01, 0.01 * (0.1 + 0.9 * 0.5), 0.001]),
        ("inverse-square-root", [0.0001, 0.005, 0.01, 0.01 * (100 / 550) ** 0.5, 0.01 * 0.1**0.5]),
        ("plateau", [0.0001, 0.005, 0.01, 0.01, 0.01]),
    ],
)
def test_key_updates(schedule, expected):
    assert rates(schedule, [1, 50, 100, 550, 1000], final_learning_rate=0.1) == pytest.approx(expected)


def test_cosine_falls_slowly_at_first_and_at_last():
    first, last = rates("cosine", [325, 775], final_learning_rate=0.0)
    assert first == pytest.approx(0.01 * (1 + 0.5**0.5) / 2)
    assert last == pytest.approx(0.01 * (1 - 0.5**0.5) / 2)


def test_the_plateau_schedule_follows_its_scale():
    assert rates("plateau", [100, 500], scale=0.25) == pytest.approx([0.0025, 0.0025])
    assert rates("linear", [100], scale=0.25) == pytest.approx([0.01])


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine", "inverse-square-root", "plateau"])
@pytest.mark.parametrize("warmup", [0, 1, 1000, 5000])
def test_every_rate_is_positive_and_no_higher_than_the_peak(schedule, warmup):
    for rate in rates(schedule, range(1, 1001), warmup_updates=warmup):
        assert 0 < rate <= 0.01


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine", "inverse-square-root"])
def test_without_warm_up_the_first_rate_is_the_peak(schedule):
    assert rates(schedule, [1], warmup_updates=0) == pytest.approx([0.01], rel=2e-3)
