"""One holder at a time: processes of this machine, and machines that share a folder."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from samples import ROOT

from mtlite.errors import RunError
from mtlite.storage.locks import HeldError, Holder, Lock

HOLD = """
import sys, time
from pathlib import Path
from mtlite.storage.locks import Lock
lock = Lock(Path(sys.argv[1]))
lock.acquire(0)
print("locked", flush=True)
time.sleep(600)
"""
COUNT = """
import math, sys
from pathlib import Path
from mtlite.storage.locks import Lock
lock, counter = Lock(Path(sys.argv[1])), Path(sys.argv[2])
for _ in range(20):
    lock.acquire(math.inf)
    counter.write_text(str(int(counter.read_text()) + 1))
    lock.release()
"""
ELSEWHERE = {"machine": "another-machine", "process": 12, "boot": "another start"}


@pytest.fixture
def lock(tmp_path: Path) -> Lock:
    return Lock(tmp_path / "lock")


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_it_is_free_held_and_free_again(lock: Lock) -> None:
    assert not lock.is_held
    lock.acquire(0)
    assert Lock(lock.path).is_held
    with pytest.raises(HeldError, match=rf"^process {os.getpid()} on \S+$"):
        Lock(lock.path).acquire(0)
    lock.release()
    assert not lock.is_held
    assert lock.path.exists()  # others may wait at it
    lock.acquire(0)
    lock.release(remove=True)
    assert os.listdir(lock.path.parent) == []


def test_the_lock_of_a_process_that_was_killed_is_taken_over(lock: Lock) -> None:
    holder = start(HOLD, lock.path)
    try:
        assert holder.stdout
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(HeldError, match=rf"process {holder.pid} on "):
            lock.acquire(0)
    finally:
        kill(holder)
    assert lock.named.exists()
    assert not lock.is_held
    lock.acquire(10)
    assert json.loads(lock.named.read_text())["process"] == os.getpid()


def test_a_lock_of_another_machine_is_held_until_its_file_is_removed(lock: Lock) -> None:
    lock.named.write_text(json.dumps(ELSEWHERE))
    assert lock.is_held
    with pytest.raises(HeldError, match=f"process 12 on another-machine .*remove {lock.named}"):
        lock.acquire(0)
    lock.named.unlink()
    lock.acquire(0)


def test_a_holder_that_is_known_to_have_ended_is_forgotten_and_no_other(lock: Lock) -> None:
    lock.named.write_text(json.dumps(ELSEWHERE))
    lock.forget(Holder("another-machine", 13, "another start"))
    assert lock.is_held
    lock.forget(Holder("another-machine", 12, "another start"))
    lock.acquire(0)


@pytest.mark.parametrize("changed", [{"machine": ""}, {"boot": ""}])
def test_a_container_on_this_machine_is_known_by_its_start(lock: Lock, changed: dict[str, str]) -> None:
    lock.acquire(0)
    here = json.loads(lock.named.read_text())
    lock.release()
    assert here["boot"] or sys.platform != "linux"
    left = {**ELSEWHERE, "machine": "container", "boot": here["boot"], **{name: here[name] for name in changed}}
    lock.named.write_text(json.dumps(left))
    lock.acquire(0)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[1]", b'{"machine": 3}', b"[" * 4000, b"x" * 10_000])
def test_what_names_nobody_is_no_holder(lock: Lock, content: bytes) -> None:
    lock.named.write_bytes(content)
    assert not lock.is_held
    lock.acquire(0)
    assert lock.is_held


@pytest.mark.parametrize("place", ["path", "named"])
def test_links_and_pipes_in_its_place_are_refused(lock: Lock, place: str, tmp_path: Path) -> None:
    path: Path = getattr(lock, place)
    (tmp_path / "precious").write_text("mine")
    path.symlink_to(tmp_path / "precious")
    with pytest.raises(RunError, match=f"{path} is not a file: remove it"):
        lock.acquire(0)
    assert (tmp_path / "precious").read_text() == "mine"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(RunError, match=f"{path} is not a file: remove it"):
        lock.acquire(0)
    assert not lock.is_held


def test_whoever_waits_hears_for_whom(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtlite.storage.locks._PATIENCE", 0.0)
    lock.acquire(0)
    said: list[str] = []

    def hear(holder: str) -> None:
        said.append(holder)
        lock.release()

    Lock(lock.path).acquire(math.inf, hear)
    assert len(said) == 1
    assert said[0].startswith(f"process {os.getpid()} on ")


def test_it_is_free_for_others_after_a_disk_that_is_full(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mtlite.storage.locks._make_exclusively", fail)
    with pytest.raises(OSError, match="No space left"):
        lock.acquire(0)
    monkeypatch.undo()
    Lock(lock.path).acquire(0)


def test_a_file_system_without_hard_links(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    lock.acquire(0)
    with pytest.raises(HeldError):
        Lock(lock.path).acquire(0)
    assert sorted(os.listdir(lock.path.parent)) == ["lock", "lock.holder"]


@pytest.mark.parametrize("questions", [1, 2])
def test_a_file_that_its_holder_removes_meanwhile_is_no_fault(
    lock: Lock, questions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def removes(ask: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def ask_and_remove(path: object, **options: object) -> os.stat_result:
            found = ask(path, **options)
            asked.extend([str(path)] * (path == lock.path))
            if path == lock.path and len(asked) == questions:
                lock.path.unlink()
            return found

        return ask_and_remove

    lock.path.touch()
    for call in ("stat", "lstat"):
        monkeypatch.setattr(os, call, removes(getattr(os, call)))
    lock.acquire(0)
    lock.release()
    assert asked


def test_nobody_is_let_in_twice(lock: Lock, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    processes = [start(COUNT, lock.path, counter) for _ in range(3)]
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert counter.read_text() == "60"
