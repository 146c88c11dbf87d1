"""Files are opened in one way, which waits for no pipe and takes no memory for what is too large."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from mtlite.limits import FREE_EXPANSION_BYTES, MAX_EXPANSION, most_expanded, open_file, read_file


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert read_file(tmp_path / "a", 3) == read_file(tmp_path / "b", 3) == b"abc"
    with open_file(str(tmp_path / "a")) as file:
        assert file.read(2) == b"ab"


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "a", "wb") as file:
        file.truncate(1 << 40)  # sparse: it takes no space
    with pytest.raises(OSError, match="expected at most 1,000"):
        read_file(tmp_path / "a", 1000)


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as waiting:
        waiting.bind(str(tmp_path / "socket"))
        for path in (tmp_path / "pipe", tmp_path / "socket", tmp_path, Path("/dev/zero"), Path("a\0b")):
            with pytest.raises(OSError, match=r".") as error:
                open_file(path)
            assert error.value.strerror
            assert error.value.errno in (errno.EINVAL, errno.ENXIO)  # the second for a socket
            assert error.value.filename == str(path)
    for path, said in ((tmp_path / "pipe", "pipe or a device"), (tmp_path, "it is a folder")):
        with pytest.raises(OSError, match=said):
            open_file(path)


def test_expansion() -> None:
    assert most_expanded(10) == FREE_EXPANSION_BYTES
    assert most_expanded(1 << 30) == MAX_EXPANSION << 30
