"""Seconds an update, measured on a model that is thrown away."""

from mtlite.data.prepare import prepare
from mtlite.training.estimate import seconds_per_update


def test_an_update_takes_some_time(tiny_config):
    assert 0.0 < seconds_per_update(prepare(tiny_config(), lambda _: None)) < 60.0
