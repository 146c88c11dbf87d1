import errno
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlite.errors import RunError
from mtlite.storage.training_log import Metrics, read_metrics


def written(path, updates):
    metrics = Metrics(path, 10**9)
    for update in updates:
        metrics.write(update=update, loss=1 / update)
    metrics.flush()
    metrics.close()


def test_lines_of_later_updates_are_removed(tmp_path):
    path = tmp_path / "metrics.jsonl"
    written(path, range(1, 6))
    metrics = Metrics(path, 3)
    metrics.write(update=4, loss=0.1)
    metrics.close()
    assert metrics.last["update"] == 3
    assert [line["update"] for line in read_metrics(path)] == [1, 2, 3, 4]
    assert read_metrics(path)[0] == {"update": 1, "loss": 1.0}


def test_going_on_changes_no_byte_of_what_is_kept(tmp_path):
    path = tmp_path / "metrics.jsonl"
    written(path, [1, 3, 7])
    content = path.read_bytes()
    Metrics(path, 7).close()
    assert path.read_bytes() == content


@settings(deadline=None, derandomize=True, max_examples=50)
@given(tail=st.binary(max_size=40))
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_whatever_a_crash_leaves_at_the_end_is_removed(tmp_path_factory, end, tail):
    path = tmp_path_factory.mktemp("metrics") / "metrics.jsonl"
    written(path, [1, 2])
    whole = path.read_bytes()
    path.write_bytes(whole + tail + end)
    Metrics(path, 2).close()
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "garbage", [b'{"update": 2, "lo', b"\0" * 100, b"\xff", b"7\n", b'{"update": "2"}\n', b"[" * 100_000 + b"\n"]
)
def test_garbage(tmp_path, garbage):
    path = tmp_path / "metrics.jsonl"
    written(path, [1])
    whole = path.read_bytes()
    path.write_bytes(whole + garbage)
    assert [line["update"] for line in read_metrics(path)] == [1]
    Metrics(path, 5).close()
    assert path.read_bytes() == whole


def test_a_full_disk_leaves_no_cut_line(tmp_path, monkeypatch):
    path = tmp_path / "metrics.jsonl"
    metrics = Metrics(path, 0)
    metrics.write(update=1)
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, content: real(file, content[:5]))
    with pytest.raises(RunError, match=r"No space left on device.*--resume"):
        metrics.write(update=2)
    monkeypatch.undo()
    assert path.read_bytes() == b'{"update": 1}\n'
    metrics.write(update=2)
    metrics.close()
    assert [json.loads(line) for line in path.read_text().splitlines()] == [{"update": 1}, {"update": 2}]


def test_a_disk_that_does_not_flush(tmp_path, monkeypatch):
    metrics = Metrics(tmp_path / "metrics.jsonl", 0)

    def fail(_):
        raise OSError(errno.EIO, "I/O error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(RunError, match="I/O error"):
        metrics.flush()
    metrics.close()


def test_a_missing_file(tmp_path):
    with pytest.raises(RunError, match="cannot read"):
        read_metrics(tmp_path / "metrics.jsonl")
