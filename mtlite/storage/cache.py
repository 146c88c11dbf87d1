"""The cache: what was made from a corpus and can be made again, an entry for each.

An entry is a folder of files. Its name is the checksum of a key, which holds everything that the content depends on.
Whoever opens an entry reads its files once and compares them with their checksums before anything is used: that takes a
second for gigabytes, and a flipped bit is found wherever it is. What is damaged is made again. Several processes may
ask for an entry at once: one makes it, the others wait.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import importlib
import json
import math
import os
import re
import secrets
import shutil
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import xxhash

from mtlite.config.read import Count, plain, read_as
from mtlite.errors import DamagedError
from mtlite.limits import MAX_JSON_BYTES, open_file
from mtlite.notices import notice
from mtlite.storage.files import aside, size_of, without_aside
from mtlite.storage.locks import HeldError, Lock

_FACTS = "entry.json"
_OURS = "mtlite"
_USERS = "users"  # a lock for each process that uses entries, and a list of these
_CHUNK = 1 << 24
_NAME = re.compile(r"[0-9a-f]{64}")
_EARLIER = re.compile(r"[0-9a-f]{16,64}(\.cast)?\.(arrow|safetensors)")  # how mtlite 0.2 called its files at first


@dataclass(frozen=True, kw_only=True)
class EntryFacts:
    """What an entry says of itself: `entry.json`."""

    what: str  # in a word or two: `pairs`, `tokenizers`
    key: list[str]
    origin: str  # for people: what it was made from; empty if the key says so
    files: dict[str, str]  # by name, the checksum (XXH3, 128 bits)
    checksum: str = field(default="")  # of all this

    def sealed(self) -> EntryFacts:
        """The same with its checksum."""
        text = json.dumps({**plain(self), "checksum": ""}, sort_keys=True)
        return EntryFacts(**{**vars(self), "checksum": xxhash.xxh3_128_hexdigest(text.encode())})


class Listed(NamedTuple):
    """An entry for a list."""

    path: Path
    what: str
    origin: str
    size: Count  # bytes
    used: str  # the day it was used last, in UTC
    users: list[str]  # the processes that use it now


def the_cache() -> Cache:
    """The cache of this project, in a folder of its own in the cache of `datasets`.

    That library is not imported for it, which takes a second: only asked if it is there.
    """
    if "datasets" in sys.modules:
        return Cache(Path(importlib.import_module("datasets").config.HF_DATASETS_CACHE) / _OURS)
    home = os.getenv("HF_HOME", os.path.join(os.getenv("XDG_CACHE_HOME", "~/.cache"), "huggingface"))
    return Cache(Path(os.getenv("HF_DATASETS_CACHE", os.path.join(os.path.expanduser(home), "datasets"))) / _OURS)


class Cache:
    """The entries in a folder. Other processes may use the same folder, also from other machines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, what: str, key: Sequence[str], make: Callable[[Path], None], origin: str = "") -> Path:
        """The folder of an entry, whole; `make` writes its files into a new folder if there is none.

        Raise OSError if the cache cannot be written, and what `make` raises.
        """
        name = hashlib.sha256("\0".join([what, *key]).encode()).hexdigest()
        path = self.folder / name
        _user_of(self.folder).note(name)
        if self._problem(path) is None:
            return path
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = Lock(path.with_suffix(".lock"))
        lock.acquire(math.inf, lambda holder: notice(f"waiting for {holder}, which prepares the same: {what}"))
        try:
            problem = self._problem(path)  # somebody may have made it in the meantime
            if problem:
                notice(f"the {what} in the cache, {path}, are damaged ({problem}): they are made again")
            if problem is not None:
                self._make(path, EntryFacts(what=what, key=list(key), origin=origin, files={}), make)
        finally:
            lock.release(remove=True)
        return path

    def used_here(self) -> list[Path]:
        """The folders of the entries that this process has opened."""
        return [path for name in sorted(_user_of(self.folder).noted) if (path := self.folder / name).is_dir()]

    def _problem(self, path: Path) -> str | None:
        """What is wrong with an entry: None if nothing, empty if there is none."""
        try:
            facts = _facts_of(path)
            for name, checksum in facts.files.items():
                if _checksum(path / name) != checksum:
                    return f"{name} is not what was written"
        except FileNotFoundError as error:
            return "" if not path.exists() else f"{Path(error.filename).name} is missing"
        except (OSError, DamagedError) as error:
            return str(error)
        with contextlib.suppress(OSError):  # a cache that may only be read
            os.utime(path / _FACTS)
        return None

    def _make(self, path: Path, facts: EntryFacts, make: Callable[[Path], None]) -> None:
        """Make an entry aside, and put it in its place. The lock of the entry is held."""
        for left in self.folder.glob(f"{path.name}.*.part"):  # of processes that were killed
            shutil.rmtree(left, ignore_errors=True)
        part = aside(path)
        try:
            part.mkdir()
            make(part)
            files = {file.name: _checksum(file) for file in sorted(part.iterdir())}
            text = json.dumps(plain(EntryFacts(**{**vars(facts), "files": files}).sealed()), indent=1)
            (part / _FACTS).write_text(text, "utf-8")
            if path.exists():
                old = aside(path)
                os.replace(path, old)
                shutil.rmtree(old, ignore_errors=True)
            os.replace(part, path)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def entries(self) -> list[Listed]:
        """All entries, damaged ones and those of earlier versions among them."""
        users = _users(self.folder)
        found: list[Listed] = []
        names = sorted(os.listdir(self.folder)) if self.folder.is_dir() else []
        facts: dict[str, EntryFacts | None] = {}
        for name in filter(_NAME.fullmatch, names):
            try:
                facts[name] = _facts_of(self.folder / name)
            except (OSError, DamagedError):
                facts[name] = None
        for name in names:
            path = self.folder / name
            entry = facts.get(name)
            if not (name in facts or _EARLIER.fullmatch(name) or _NAME.fullmatch(without_aside(name))):
                continue
            what = entry.what if entry else "damaged" if name in facts else "left over"
            if name != without_aside(name) and Lock(self.folder / f"{without_aside(name)}.lock").is_held:
                what = "being made"
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                seconds = (path / _FACTS if entry else path).stat().st_mtime
                size = size_of(path) if path.is_dir() else path.stat().st_size
                day = datetime.fromtimestamp(seconds, UTC).date().isoformat()
                holders = [holder for holder, used in users.items() if name in used]
                found.append(Listed(path, what, _origin(name, facts), size, day, holders))
        return found

    def clear(self) -> tuple[list[Listed], list[Listed]]:
        """Remove everything that no process uses or makes; return what is gone and what is kept."""
        gone, kept = [], []
        for entry in self.entries():
            lock = Lock(self.folder / f"{without_aside(entry.path.name)}.lock")
            try:
                lock.acquire(0)
            except HeldError as error:
                kept.append(entry._replace(users=[*entry.users, str(error)]))
                continue
            try:
                # Looked at again: a process may have begun to use it, and keeps it from now on.
                users = [holder for holder, used in _users(self.folder).items() if entry.path.name in used]
                if users:
                    kept.append(entry._replace(users=users))
                else:
                    _remove(entry.path)
                    gone.append(entry)
            finally:
                lock.release(remove=True)
        return gone, kept


def _facts_of(path: Path) -> EntryFacts:
    """What an entry says of itself; DamagedError if that was altered."""
    with open_file(path / _FACTS) as file:
        content = file.read(MAX_JSON_BYTES)
    try:
        facts = read_as(EntryFacts, json.loads(content), _FACTS, error=DamagedError)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{_FACTS}: {error}") from None
    if facts.sealed() != facts:
        raise DamagedError(f"{_FACTS} is not what was written")
    return facts


def _checksum(path: Path) -> str:
    """Read a whole file; not by a memory map, in which a bad place on a disk would end the process."""
    digest, buffer = xxhash.xxh3_128(), memoryview(bytearray(_CHUNK))
    with open_file(path) as file:
        while size := file.readinto(buffer):
            digest.update(buffer[:size])
    return digest.hexdigest()


def _origin(name: str, facts: dict[str, EntryFacts | None]) -> str:
    """What an entry was made from in the end: its key names the entries that it was made from."""
    entry = facts.get(name)
    if entry is None or entry.origin:
        return entry.origin if entry else ""
    return next(filter(None, (_origin(part, facts) for part in entry.key if part in facts and part != name)), "")


def _remove(path: Path) -> None:
    """Remove an entry at once, then its files."""
    if not path.is_dir():
        path.unlink(missing_ok=True)
        return
    gone = aside(path) if path.name == without_aside(path.name) else path
    if gone != path:
        os.replace(path, gone)
    shutil.rmtree(gone, ignore_errors=True)


class _User:
    """The entries that this process uses: a list beside a lock that ends with the process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.process, self.noted = folder, os.getpid(), set[str]()
        self.path = folder / _USERS / secrets.token_hex(16)
        self.lock = Lock(self.path)

    def note(self, name: str) -> None:
        """Write down that an entry is used from now on."""
        # OSError: a cache that may only be read; nobody can clear it either.
        with _one_thread, contextlib.suppress(OSError):
            if name in self.noted:
                return
            if not self.noted:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.lock.acquire(0)
                atexit.register(self.leave)
                _users(self.folder)  # whoever comes puts the lists of dead processes away
            with open(self.path.with_suffix(".entries"), "a", encoding="utf-8") as file:
                file.write(f"{name}\n")
            self.noted.add(name)

    def leave(self) -> None:
        """Take the list away; that of a killed process stays until somebody looks."""
        if self.process == os.getpid():  # not in a process that was forked from it
            _forget(self.path)
            self.lock.release(remove=True)


_users_here: dict[Path, _User] = {}
_one_thread = threading.Lock()


def _user_of(folder: Path) -> _User:
    with _one_thread:
        user = _users_here.get(folder)
        if user is None or user.process != os.getpid():
            user = _users_here[folder] = _User(folder)
        return user


def _users(folder: Path) -> dict[str, set[str]]:
    """By process, the entries that it uses now; the lists of dead processes are removed."""
    users: dict[str, set[str]] = {}
    for path in (folder / _USERS).glob("*.entries"):
        lock = Lock(path.with_suffix(""))
        if lock.is_held:
            with contextlib.suppress(FileNotFoundError):
                users.setdefault(lock.held_by(), set()).update(path.read_text("utf-8").split())
        else:
            _forget(lock.path)
            for left in (lock.path, lock.named):
                left.unlink(missing_ok=True)
    return users


def _forget(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.with_suffix(".entries").unlink(missing_ok=True)
