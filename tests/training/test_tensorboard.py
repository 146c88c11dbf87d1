"""Scalars that TensorBoard can read."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from mtlite.errors import RunError
from mtlite.training.tensorboard import Summaries


def test_scalars_come_back_with_their_updates(tmp_path):
    summaries = Summaries(tmp_path / "board")
    summaries.write(3, loss=0.5, rate=0.25)
    summaries.write(7, loss=0.125)
    summaries.close()
    (path,) = (tmp_path / "board").iterdir()
    records = [tf.compat.v1.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(path))]
    found = [
        (
            event.step,
            value.tag,
            float(np.ravel(tf.make_ndarray(value.tensor))[0]),
            value.metadata.plugin_data.plugin_name,
        )
        for event in records
        for value in event.summary.value
    ]
    assert found == [(3, "loss", 0.5, "scalars"), (3, "rate", 0.25, "scalars"), (7, "loss", 0.125, "scalars")]


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    summaries = Summaries(None)
    summaries.write(1, loss=0.5)
    summaries.close()
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"cannot write .*file.*training\.tensorboard false.*--resume"):
        Summaries(tmp_path / "file" / "board")
