"""Jobs side by side: one that fails stops no other, a signal stops all, and progress tells where they are."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from statements import job, make_importable

from mtlite.ablation.jobs import Ended, Job, run_jobs
from mtlite.ablation.processes import Processes
from mtlite.errors import Stopped


@pytest.fixture(autouse=True)
def _statements(monkeypatch: pytest.MonkeyPatch) -> None:
    make_importable(monkeypatch)


def test_a_failing_one_is_reported_and_stops_no_other(tmp_path: Path, console: Any) -> None:
    done, failed = [], {}
    said = "import sys", "print('mtlite: the loss is nan', file=sys.stderr)", "sys.exit(2)"
    jobs = [
        job(tmp_path, "good", "pass"),
        job(tmp_path, "bad", *said),
        job(tmp_path, "killed", "import os, signal", "os.kill(os.getpid(), signal.SIGKILL)"),
        job(tmp_path, "better", "pass"),
    ]
    finished, lost = lambda job: done.append(job.name), lambda job, why: failed.update({job.name: why})
    run_jobs(jobs, Processes(2), finished, lost, console)
    assert sorted(done) == ["better", "good"]
    assert failed == {"bad": "the loss is nan", "killed": "killed by SIGKILL"}
    assert "bad: FAILED: the loss is nan" in console.file.getvalue()
    assert "(4 of 4 cells)" in console.file.getvalue()


def test_a_signal_ends_all_processes(tmp_path: Path, console: Any) -> None:
    done: list[str] = []
    jobs = [job(tmp_path, name, "import time", "time.sleep(600)") for name in ("one", "two", "three")]
    before = signal.getsignal(signal.SIGINT)
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(Stopped, match="stopped by SIGINT") as stop:
        run_jobs(jobs, Processes(2), lambda job: done.append(job.name), lambda *_: None, console)
    timer.join()
    assert stop.value.exit_code == 130
    assert done == []
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(ChildProcessError):  # nobody is left
        os.waitpid(-1, os.WNOHANG)


def test_a_job_that_moves_has_started_again(tmp_path: Path, console: Any) -> None:
    places: list[str | None] = [None, "here", "here", "there", "there"]

    def submit(job: Job) -> Any:
        ended = lambda: None if places else Ended()  # noqa: E731
        return SimpleNamespace(job=job, place=lambda: places.pop(0), ended=ended, updates_done=lambda: 1.0)

    engine = SimpleNamespace(at_once=5, submit=submit)
    run_jobs([job(tmp_path, "one")], engine, lambda _: None, lambda *_: None, console)
    assert console.file.getvalue().splitlines() == [
        "one: started on here",
        "one: started again on there",
        "one: done (1 of 1 cells)",
    ]
