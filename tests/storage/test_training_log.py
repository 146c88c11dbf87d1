"""The training log: whole lines only, whatever a crash or a full disk leaves."""

from __future__ import annotations

import errno
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlite.errors import RunError
from mtlite.storage.training_log import Reported, TrainingLog, Validated, read_training_log


def reported(update, share=None):
    return Reported(
        update=update,
        loss=1 / update,
        learning_rate=0.001,
        gradient_norm=0.5,
        share=share,
        epoch=0,
        tokens=50,
        seconds=2.0 * update,
        tokens_per_second=100.0,
    )


def validated(update):
    return Validated(update=update, dev_loss=2.5, dev_bleu=12.0, best=True, seconds=2.0 * update + 1)


def written(path, lines):
    log = TrainingLog(path, 10**9)
    for line in lines:
        log.write(line)
    log.flush()
    log.close()
    return path.read_bytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "training-log.jsonl"


def test_lines_come_back_as_they_were(path):
    lines = [reported(1), validated(1), reported(2, share=0.5)]
    content = written(path, lines)
    assert read_training_log(path) == lines
    assert [json.loads(line)["kind"] for line in content.splitlines()] == ["training", "validation", "training"]
    assert content.count(b"share") == 1  # only a budget of seconds has a share


def test_lines_of_later_updates_are_removed(path):
    lines = [reported(1), reported(2), validated(2), reported(3), validated(3)]
    written(path, lines)
    log = TrainingLog(path, 2)
    assert log.seconds == lines[2].seconds
    log.write(reported(4))
    log.close()
    assert read_training_log(path) == [*lines[:3], reported(4)]


def test_a_new_log_is_empty_and_starts_at_zero_seconds(path):
    log = TrainingLog(path, 0)
    log.close()
    assert (log.seconds, path.read_bytes()) == (0.0, b"")


def test_going_on_changes_no_byte_of_what_is_kept(path):
    content = written(path, [reported(1), validated(3), reported(7, share=0.25)])
    TrainingLog(path, 7).close()
    assert path.read_bytes() == content


@settings(deadline=None, derandomize=True, max_examples=50)
@given(tail=st.binary(max_size=40))
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_whatever_a_crash_leaves_at_the_end_is_removed(tmp_path_factory, end, tail):
    path = tmp_path_factory.mktemp("log") / "training-log.jsonl"
    whole = written(path, [reported(1), validated(2)])
    path.write_bytes(whole + tail + end)
    TrainingLog(path, 2).close()
    assert path.read_bytes() == whole


LINE = json.loads(json.dumps(vars(reported(2))))


@pytest.mark.parametrize(
    "garbage",
    [
        b'{"update": 2, "lo',
        b"\0" * 100,
        b"\xff",
        b"7\n",
        b"null\n",
        b'{"update": 2}\n',
        b"[" * 100_000 + b"\n",
        *[
            json.dumps({**LINE, name: value}).encode() + b"\n"
            for name, value in {
                "update": "2",
                "kind": "valid",
                "loss": None,
                "seconds": float("nan"),
                "dev_bleu": 1.0,
                "tokens": -1,
            }.items()
        ],
    ],
)
def test_what_is_no_line_is_left_out(path, garbage):
    whole = written(path, [reported(1)])
    path.write_bytes(whole + garbage)
    assert read_training_log(path) == [reported(1)]
    TrainingLog(path, 5).close()
    assert path.read_bytes() == whole


def test_a_full_disk_leaves_no_cut_line(path, monkeypatch):
    log = TrainingLog(path, 0)
    log.write(reported(1))
    whole, real = path.read_bytes(), os.write
    monkeypatch.setattr(os, "write", lambda file, content: real(file, content[:5]))
    with pytest.raises(RunError, match=r"No space left on device.*--resume"):
        log.write(reported(2))
    monkeypatch.undo()
    assert path.read_bytes() == whole
    log.write(reported(2))
    log.close()
    assert read_training_log(path) == [reported(1), reported(2)]


def test_a_disk_that_does_not_flush(path, monkeypatch):
    log = TrainingLog(path, 0)

    def fail(_):
        raise OSError(errno.EIO, "I/O error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(RunError, match="I/O error"):
        log.flush()
    log.close()


def test_a_missing_file(path):
    with pytest.raises(RunError, match=r"cannot read .*give a folder made by mtlite train"):
        read_training_log(path)
