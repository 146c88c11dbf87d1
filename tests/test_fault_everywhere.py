"""A fault at places that write, in a real training: the script itself, on a few of them."""

from __future__ import annotations

import builtins
import errno
import os
from pathlib import Path

import pytest
from fault_everywhere import WAYS, Fault, Place, faults_of, kind_of, watched
from samples import changed

from mtlite.errors import RunError
from mtlite.storage.files import write_atomically
from mtlite.training.train import train

PLACES = [Place("open", "a.*.part"), Place("write", "a.*.part"), Place("flush", "a.*.part"), Place("fsync", "a.*.part")]
PLACES += [Place("replace", "a"), Place("fsync", ".")]


def test_every_call_that_writes_a_file_is_a_place(tmp_path):
    with watched(tmp_path, None) as watch:
        write_atomically(tmp_path / "a", b"new")
        builtins.open(tmp_path / "a").close()  # reading is none
        write_atomically(tmp_path.parent / "elsewhere", b"new")
    assert watch.seen == PLACES


@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize(("way", "code"), [("EIO", errno.EIO), ("ENOSPC", errno.ENOSPC)])
def test_the_second_call_at_a_place_fails_and_no_other(place, way, code, tmp_path):
    with watched(tmp_path, Fault(1, way, place)):
        write_atomically(tmp_path / "a", b"old")
        with pytest.raises(RunError, match=os.strerror(code)):
            write_atomically(tmp_path / "a", b"new")
        write_atomically(tmp_path / "a", b"last")
    assert (tmp_path / "a").read_bytes() == b"last"
    assert os.listdir(tmp_path) == ["a"]


def test_names_that_differ_from_start_to_start_are_one_kind(tmp_path):
    assert kind_of(tmp_path / "cache" / ("0f" * 32) / "rows.arrow", tmp_path) == "cache/*/rows.arrow"
    assert kind_of(b"/somewhere", tmp_path) is None
    assert kind_of(7, tmp_path) is None


def test_every_place_is_tried_in_every_way_and_moments_are_drawn_by_seed():
    faults = faults_of([*PLACES, *PLACES], 5, 1, only_moments=False)
    assert [(each.place, each.way) for each in faults[:-5]] == [(place, way) for place in PLACES for way in WAYS]
    assert faults == faults_of([*PLACES, *PLACES], 5, 1, only_moments=False)
    assert faults[-5:] == faults_of([*PLACES, *PLACES], 5, 1, only_moments=True)


@pytest.fixture(scope="module")
def undisturbed(tiny_config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    with watched(folder, None) as watch:
        train(tiny_config(training={"max_updates": 4, "validate_every": 2}), folder / "run")
    return folder / "run", watch.seen


@pytest.mark.parametrize(
    "place",
    [
        Place("replace", "run/run.json"),
        Place("write", "run/training-log.jsonl"),
        Place("write", "run/newest.safetensors.*.part"),
        Place("replace", "run/last.safetensors"),
    ],
    ids=str,
)
def test_a_training_with_a_fault_goes_on_to_the_same_end(place, undisturbed, tiny_config, tmp_path: Path):
    expected, seen = undisturbed
    assert place in seen
    config = changed(tiny_config(training={"max_updates": 4, "validate_every": 2}))
    with watched(tmp_path, Fault(seen.count(place) - 1, "ENOSPC", place)), pytest.raises(RunError) as error:
        train(config, tmp_path / "run")
    assert os.strerror(errno.ENOSPC) in str(error.value)
    run = train(config, tmp_path / "run", resume=True)
    for name in ("best.safetensors", "last.safetensors", "hypotheses.txt"):
        assert (run.path / name).read_bytes() == (expected / name).read_bytes(), name
