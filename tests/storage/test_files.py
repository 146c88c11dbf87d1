import errno
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from faults import Killed, failing_at

from mtlite.errors import RunError
from mtlite.storage.files import (
    append,
    aside,
    refuse_unwritable,
    remove_parts,
    size_of,
    without_aside,
    write_atomically,
)

CALLS = ["open", "write", "flush", "fsync", "replace", "open", "fsync"]  # the last two are those of the folder


def test_new_content_takes_the_place_of_the_old(tmp_path):
    path = tmp_path / "file"
    for content in (b"old", b"", b"new" * 100_000):
        write_atomically(path, content)
        assert path.read_bytes() == content
        assert os.listdir(tmp_path) == ["file"]


def test_what_is_written_is_flushed_before_it_gets_its_name(tmp_path):
    with failing_at(-1, OSError()) as reached:
        write_atomically(tmp_path / "file", b"content")
    assert reached == CALLS


@pytest.mark.parametrize("number", range(CALLS.index("replace") + 1))
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_an_error_leaves_the_old_content_and_says_why(tmp_path, number, code):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with (
        failing_at(number, OSError(code, os.strerror(code))),
        pytest.raises(RunError, match=f"cannot write {path} .{os.strerror(code)}.*is kept"),
    ):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_a_kill_leaves_the_old_content_or_the_new(tmp_path, number):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with failing_at(number, Killed()), pytest.raises(Killed):
        write_atomically(path, b"new")
    assert path.read_bytes() == (b"old" if number <= CALLS.index("replace") else b"new")
    write_atomically(path, b"newer")
    assert path.read_bytes() == b"newer"
    assert [name for name in os.listdir(tmp_path) if without_aside(name) != "file"] == []
    remove_parts(tmp_path)
    assert os.listdir(tmp_path) == ["file"]


def test_every_writer_has_a_name_of_its_own_aside(tmp_path):
    names = {aside(tmp_path / "a.txt").name for _ in range(100)}
    assert len(names) == 100
    assert {without_aside(name) for name in names} == {"a.txt"}
    for name in ("a.txt.part", "thesis.part", "a.0123456789abcdef"):
        assert without_aside(name) == name
        (tmp_path / name).touch()
    remove_parts(tmp_path)
    remove_parts(tmp_path / "missing")
    assert len(os.listdir(tmp_path)) == 3


def test_the_size_of_a_folder_whatever_is_removed_meanwhile(tmp_path, monkeypatch):
    (tmp_path / "below").mkdir()
    folders = size_of(tmp_path)
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "below" / "b").write_bytes(b"defg")
    assert size_of(tmp_path) == folders + 7
    found = [*tmp_path.rglob("*"), tmp_path / "gone"]
    monkeypatch.setattr("pathlib.Path.rglob", lambda *_: found)
    assert size_of(tmp_path) == folders + 7


def test_a_file_that_several_write_at_once_is_that_of_one_of_them(tmp_path):
    contents = [bytes([number]) * 100_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: write_atomically(tmp_path / "file", content), contents * 4))
    assert (tmp_path / "file").read_bytes() in contents
    assert os.listdir(tmp_path) == ["file"]


def test_others_may_read_what_is_written(tmp_path):
    (tmp_path / "plain").touch()
    write_atomically(tmp_path / "file", b"content")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("number", [5, 6])
def test_a_folder_that_cannot_be_flushed(tmp_path, number):
    path = tmp_path / "file"
    with failing_at(number, OSError(errno.EINVAL, "not supported here")):
        write_atomically(path, b"content")
    assert path.read_bytes() == b"content"
    broken = OSError(errno.EIO, "I/O error")
    with failing_at(number, broken), pytest.raises(RunError, match=r"I/O error.*check the disk"):
        write_atomically(path, b"content")


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(RunError, match="No such file or directory"):
        write_atomically(tmp_path / "missing" / "file", b"content")


def test_a_part_that_was_appended_is_taken_back(tmp_path, monkeypatch):
    path = tmp_path / "log"
    path.write_bytes(b"one\n")
    real = os.write
    with open(path, "ab", buffering=0) as file:
        append(file.fileno(), b"two\n", 4)
        monkeypatch.setattr(os, "write", lambda file, content: real(file, content[:2]))
        with pytest.raises(OSError, match="No space left"):
            append(file.fileno(), b"three\n", 8)
    assert path.read_bytes() == b"one\ntwo\n"


class TestBeforeTheWork:
    @pytest.mark.parametrize("folder", [".", "to/be/made"])
    def test_a_folder_that_can_be_written_into_stays_as_it_is(self, tmp_path, folder):
        refuse_unwritable(tmp_path / folder, "--output a.txt")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EDQUOT])
    @pytest.mark.parametrize("call", ["tempfile.TemporaryFile", "os.write"])
    def test_a_folder_that_cannot_is_refused(self, tmp_path, monkeypatch, call, code):
        def fail(*_, **__):
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(call, fail)
        with pytest.raises(RunError) as error:
            refuse_unwritable(tmp_path, "--output a.txt")
        monkeypatch.undo()
        for part in ("--output a.txt", str(tmp_path), os.strerror(code), "give another"):
            assert part in str(error.value)
        assert list(tmp_path.iterdir()) == []

    def test_a_path_below_a_file_is_refused(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(RunError, match="Not a directory"):
            refuse_unwritable(tmp_path / "file" / "below", "--run file/below")
