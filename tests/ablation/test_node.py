"""A job on a node: what it reads from the environment, when it ends, and whose lock it may take."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from statements import job, make_importable

from mtlite.ablation import node
from mtlite.ablation.jobs import Ended
from mtlite.ablation.node import STOPPED, Node, deciding_variables, environment_with, run_and_watch, this_node
from mtlite.config.read import plain
from mtlite.storage.locks import Holder
from mtlite.storage.run_directory import Run

WRITE = "run.mkdir(parents=True, exist_ok=True)", "(run / 'outcome.json').touch()"


@pytest.fixture(autouse=True)
def _statements(monkeypatch: pytest.MonkeyPatch) -> None:
    make_importable(monkeypatch)
    monkeypatch.setattr(node, "_SECONDS_BETWEEN_LOOKS", 0.05)
    monkeypatch.setattr(node, "_SECONDS_TO_SAVE", 0.3)


def test_nodes_differ_in_versions_and_processor_not_in_their_names() -> None:
    here = this_node()
    assert set(here.versions) == {"mtlite", "tensorflow", "keras", "numpy", "sentencepiece", "processor"}
    assert here.differences(Node("other", here.versions)) == ""
    other = Node("other", {**here.versions, "tensorflow": "1.0", "processor": "Z80"})
    assert here.differences(other) == (
        f"tensorflow 1.0 (here {here.versions['tensorflow']}), processor Z80 (here {here.versions['processor']})"
    )


def test_deciding_variables_are_those_of_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    variables = deciding_variables()
    monkeypatch.setenv("OMP_NUM_THREADS", "7")  # as an engine sets it on a node
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    there = environment_with(variables)
    assert there["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert "OMP_NUM_THREADS" not in there
    assert there["PATH"] == os.environ["PATH"]


def test_a_job_that_is_done_does_not_run_again(tmp_path: Path) -> None:
    one = job(tmp_path, "one", *WRITE)
    assert run_and_watch(one, os.environ, lambda _: True) == Ended()
    assert run_and_watch(job(tmp_path, "one", "raise AssertionError"), os.environ, lambda _: True) == Ended()
    assert not one.log.with_suffix(".process").exists()


def test_a_job_that_is_not_wanted_does_not_begin_or_ends(tmp_path: Path) -> None:
    assert run_and_watch(job(tmp_path, "one", *WRITE), os.environ, lambda _: False) == STOPPED
    assert not (tmp_path / "cells").exists()
    looks: list[float] = []

    def look(updates: float) -> bool:
        looks.append(updates)
        return len(looks) < 3

    assert run_and_watch(job(tmp_path, "one", "import time", "time.sleep(600)"), os.environ, look) == STOPPED
    assert looks == [0, 0, 0]


def locked_elsewhere(folder: Path, noted: bool) -> None:
    """A job whose earlier start ran on a machine that is gone."""
    one = job(folder, "one")
    for path in (one.run, one.log.parent):
        path.mkdir(parents=True)
    holder = json.dumps(plain(Holder("gone", 12, "another start")))
    (one.run / ".lock.holder").write_text(holder)
    if noted:
        one.log.with_suffix(".process").write_text(holder)


@pytest.mark.parametrize("noted", [True, False])
def test_the_lock_of_an_earlier_start_is_taken_and_no_other(tmp_path: Path, noted: bool) -> None:
    locked_elsewhere(tmp_path, noted)
    look = "print((run / '.lock.holder').exists())"
    one = job(tmp_path, "one", look, *WRITE)
    assert run_and_watch(one, os.environ, lambda _: True) == Ended()
    assert one.log.read_text() == f"{not noted}\n"


def test_an_earlier_start_that_still_saves_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "_SECONDS_TO_SAVE", 60.0)
    locked_elsewhere(tmp_path, noted=True)
    run = Run(tmp_path / "cells" / "one")
    holder = run.path / ".lock.holder"
    saver = threading.Timer(0.5, holder.unlink)
    saver.start()
    one = job(tmp_path, "one", "print((run / '.lock.holder').exists())", *WRITE)
    assert run_and_watch(one, os.environ, lambda _: True) == Ended()
    saver.join()
    assert one.log.read_text() == "False\n"
