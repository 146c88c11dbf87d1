"""Processes side by side: one that fails stops no other, a signal stops all."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from mtlite.ablation.jobs import Job, Stopped, run_jobs


def job(folder: Path, name: str, *statement: str) -> Job:
    """A process that runs Python statements."""
    return Job(name, "timeit", ["-n", "1", "-r", "1", *statement], folder / f"{name}.log", folder / name, 10)


def test_a_failing_one_is_reported_and_stops_no_other(tmp_path: Path, console: Any) -> None:
    done, failed = [], {}
    said = "import sys", "print('mtlite: the loss is nan', file=sys.stderr)", "sys.exit(2)"
    jobs = [
        job(tmp_path, "good", "pass"),
        job(tmp_path, "bad", *said),
        job(tmp_path, "killed", "import os, signal", "os.kill(os.getpid(), signal.SIGKILL)"),
        job(tmp_path, "better", "pass"),
    ]
    run_jobs(jobs, 2, lambda job: done.append(job.name), lambda job, why: failed.update({job.name: why}), console)
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
        run_jobs(jobs, 2, lambda job: done.append(job.name), lambda *_: None, console)
    timer.join()
    assert stop.value.exit_code == 130
    assert done == []
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(ChildProcessError):  # nobody is left
        os.waitpid(-1, os.WNOHANG)
