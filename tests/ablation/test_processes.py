"""A job is a process that knows who started it, and whose last words are why it failed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from statements import job, make_importable

from mtlite.ablation.processes import Process, Processes


@pytest.fixture(autouse=True)
def _statements(monkeypatch: pytest.MonkeyPatch) -> None:
    make_importable(monkeypatch)


def test_a_job_knows_its_folder_and_its_parent(tmp_path: Path) -> None:
    running = Processes(1).submit(job(tmp_path, "one", "import sys", "print(run.name, sys.argv[-2:])"))
    assert running.ended() is None
    running.wait()
    assert running.said().decode() == f"one ['--parent', '{os.getpid()}']\n"


def test_the_environment_may_be_another(tmp_path: Path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "3"}
    running = Process(job(tmp_path, "one", "import os", "print(os.environ['OMP_NUM_THREADS'])"), environment)
    running.wait()
    assert running.said() == b"3\n"


def test_what_was_said_before_is_not_the_reason(tmp_path: Path) -> None:
    for number, expected in ((1, "the first"), (2, "ended with code 3")):
        say = "import sys, pathlib", "pathlib.Path(run).parent.mkdir(exist_ok=True)"
        first = f"{number} == 1 and print('mtlite: the first', file=sys.stderr)"
        running = Processes(1).submit(job(tmp_path, "one", *say, first, "sys.exit(3)"))
        running.wait()
        ended = running.ended()
        assert ended
        assert ended.failure == expected
