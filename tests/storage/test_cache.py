"""Entries of the cache: whole or made again, made once however many ask, and never taken away from a user."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from samples import ROOT

from mtlite.errors import DataError
from mtlite.storage import cache as module
from mtlite.storage.cache import Cache
from mtlite.storage.locks import Lock

MAKE_SLOWLY = """
import sys, time
from pathlib import Path
from mtlite.storage.cache import Cache
def make(folder):
    (folder / "half").touch()
    print("making", flush=True)
    time.sleep(600)
Cache(Path(sys.argv[1])).open("numbers", ["a"], make)
"""


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


class Maker:
    """Makes an entry of two files, and counts."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.times = seconds, 0

    def __call__(self, folder: Path) -> None:
        self.times += 1
        time.sleep(self.seconds)
        (folder / "empty").touch()
        (folder / "numbers").write_bytes(b"0123456789")


def test_an_entry_is_made_once_for_a_key(cache: Cache) -> None:
    make = Maker()
    path = cache.open("numbers", ["a"], make, "a file")
    assert sorted(os.listdir(path)) == ["empty", "entry.json", "numbers"]
    assert cache.open("numbers", ["a"], make) == path
    assert make.times == 1
    others = [("numbers", ["b"]), ("numbers", []), ("numbers", ["a", ""]), ("letters", ["a"])]
    assert len({path, *(cache.open(what, key, make) for what, key in others)}) == 5
    assert {each.what for each in cache.entries()} == {"numbers", "letters"}
    assert [each.origin for each in cache.entries() if each.path == path] == ["a file"]


@pytest.mark.parametrize("name", ["numbers", "empty", "entry.json"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content + b" ",
        lambda content: content[:-1] if content else b"x",
        lambda content: bytes([content[0] ^ 1]) + content[1:] if content else b"y",
        lambda content: content.replace(b"numbers", b"letters") + b"\n",
        None,
    ],
)
def test_whatever_is_damaged_is_made_again_with_a_notice(cache, name, damage, capfd):
    make = Maker()
    path = cache.open("numbers", ["a"], make)
    content = (path / name).read_bytes()
    (path / name).unlink()
    if damage:
        (path / name).write_bytes(damage(content))
    assert cache.open("numbers", ["a"], make) == path
    assert make.times == 2 or (name == "entry.json" and capfd.readouterr().err == "")
    if make.times == 2:
        assert f"the numbers in the cache, {path}, are damaged" in capfd.readouterr().err
    assert (path / "numbers").read_bytes() == b"0123456789"
    cache.open("numbers", ["a"], make)
    assert sorted(os.listdir(cache.folder)) == sorted([path.name, "users"])


def test_the_entries_that_were_used_are_known(cache: Cache) -> None:
    assert cache.used_here() == []
    used = [cache.open("numbers", [key], Maker()) for key in ("a", "b")]
    assert cache.used_here() == sorted(used)
    assert Cache(cache.folder.with_name("another")).used_here() == []


def test_an_error_leaves_nothing(cache: Cache) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise DataError("no text")

    with pytest.raises(DataError, match="no text"):
        cache.open("numbers", ["a"], fail)
    assert os.listdir(cache.folder) == ["users"]
    assert cache.open("numbers", ["a"], Maker()).is_dir()


def test_many_who_ask_at_once_wait_for_one(cache: Cache) -> None:
    make = Maker(seconds=0.1)
    with ThreadPoolExecutor(8) as pool:
        paths = {*pool.map(lambda _: cache.open("numbers", ["a"], make), range(8))}
    assert (len(paths), make.times) == (1, 1)


def test_the_entry_of_a_process_that_was_killed_is_made_by_the_next(cache: Cache, capfd) -> None:
    command = [sys.executable, "-c", MAKE_SLOWLY, str(cache.folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as maker:
        try:
            assert maker.stdout
            assert maker.stdout.readline() == "making\n"
            (entry,) = cache.entries()
            assert (entry.what, len(cache.clear()[1])) == ("being made", 1)
            # The next one waits, until the first is killed.
            waiting = threading.Thread(target=cache.open, args=("numbers", ["a"], Maker()))
            waiting.start()
            waiting.join(3)
            assert f"waiting for process {maker.pid} on " in capfd.readouterr().err
        finally:
            maker.send_signal(signal.SIGKILL)
            maker.wait()
    waiting.join()
    assert [each.what for each in cache.entries()] == ["numbers"]
    assert [name for name in os.listdir(cache.folder) if "part" in name or "lock" in name] == []


def test_what_a_killed_process_made_aside_is_left_over_and_cleared(cache: Cache) -> None:
    part = cache.folder / f"{'a' * 64}.0123456789abcdef.part"
    part.mkdir(parents=True)
    (part / "half").write_bytes(b"half")
    (cache.folder / "thesis.tex").touch()  # nothing of ours
    (entry,) = cache.entries()
    assert (entry.what, entry.size) == ("left over", 4)
    assert cache.clear() == ([entry], [])
    assert os.listdir(cache.folder) == ["thesis.tex"]


def test_a_user_keeps_its_entries_until_it_ends(cache: Cache) -> None:
    path = cache.open("numbers", ["a"], Maker())
    (entry,) = cache.entries()
    assert entry.users == [f"process {os.getpid()} on {os.uname().nodename}"]
    assert cache.clear() == ([], [entry])
    assert path.is_dir()
    module._users_here[cache.folder].leave()
    assert cache.entries()[0].users == []
    assert len(cache.clear()[0]) == 1
    assert not path.exists()


def test_the_list_of_a_dead_user_is_removed(cache: Cache) -> None:
    path = cache.open("numbers", ["a"], Maker())
    module._users_here[cache.folder].leave()
    (cache.folder / "users" / "dead.entries").write_text(path.name)
    assert cache.entries()[0].users == []
    assert os.listdir(cache.folder / "users") == []


def test_a_cache_that_may_only_be_read_is_read(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cache.open("numbers", ["a"], Maker())

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "utime", refuse)
    monkeypatch.setattr(Lock, "acquire", refuse)
    monkeypatch.setattr(module, "_users_here", {})
    assert cache.open("numbers", ["a"], Maker()) == path
    with pytest.raises(PermissionError):
        cache.open("numbers", ["b"], Maker())


def test_the_cache_is_in_that_of_datasets_whether_that_is_imported_or_not(tmp_path: Path) -> None:
    code = (
        "import sys; from mtlite.storage.cache import the_cache; print('datasets' in sys.modules, the_cache().folder)"
    )
    variables = [
        {"HF_DATASETS_CACHE": str(tmp_path / "a")},
        {"HF_HOME": str(tmp_path / "b")},
        {"XDG_CACHE_HOME": str(tmp_path / "c")},
        {"HOME": str(tmp_path / "d")},
    ]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "XDG_"))}
    for given in variables:
        commands = [[sys.executable, "-c", first + code] for first in ("", "import datasets; ")]
        without, with_it = (
            subprocess.check_output(command, env={**kept, **given}, cwd=ROOT, text=True).split(maxsplit=1)
            for command in commands
        )
        assert (without[0], with_it[0]) == ("False", "True")
        assert without[1] == with_it[1]
        assert without[1].startswith(str(tmp_path))
