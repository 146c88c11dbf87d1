import threading

import pytest

from mtlite.translation import side_by_side as module
from mtlite.translation.side_by_side import side_by_side


def test_results_are_in_the_order_of_the_items_though_several_run_at_once(monkeypatch):
    monkeypatch.setattr(module, "lanes", lambda: 2)
    second_runs = threading.Event()

    def square(number):
        if number == 0:
            assert second_runs.wait(10)  # which it could not, one after the other
        second_runs.set()
        return number * number

    assert side_by_side(square, range(5)) == [0, 1, 4, 9, 16]


def test_an_error_is_raised_and_what_waits_is_not_begun(monkeypatch):
    monkeypatch.setattr(module, "lanes", lambda: 1)
    begun = []

    def fail(number):
        begun.append(number)
        raise ValueError(number)

    with pytest.raises(ValueError, match="0"):
        side_by_side(fail, range(100))
    assert len(begun) < 100
