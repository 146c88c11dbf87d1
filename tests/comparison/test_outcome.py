"""What a run came to."""

from __future__ import annotations

import pytest

from mtlite.comparison.outcome import Outcome


def outcome(*bleu: float, loss: float = 2.0) -> Outcome:
    return Outcome({"curve": [[10 * at, loss - 0.1 * at, each] for at, each in enumerate(bleu, 1)]})


@pytest.mark.parametrize(
    ("bleu", "gain"),
    [
        ((1, 5, 9, 10, 10.2), 0.2),
        ((1, 5, 9, 10, 10.5), 0.5),
        ((1, 5, 11, 10, 10.5), 0.0),
        ((3.0,), 3.0),
        ((0, 0, 0, 0, 0, 0, 0, 1, 1.2, 1.31), 0.31),
    ],
)
def test_late_gain_is_that_of_the_last_fifth(bleu: tuple[float, ...], gain: float) -> None:
    assert outcome(*bleu).late_gain == pytest.approx(gain)
    assert outcome(*bleu).converged == (gain <= 0.3)


def test_ties_are_decided_by_loss() -> None:
    assert outcome(0.0, 0.0, 0.0).best[0] == 30
    assert outcome(0.0, 4.0, 4.0, 1.0).best[0] == 30
