import gzip
import tracemalloc
from pathlib import Path

import pytest
from data.slow_readers import is_utf16
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlite.data.lines import drop_blank_end, read_lines, without_blank_end
from mtlite.errors import DataError
from mtlite.limits import FREE_EXPANSION_BYTES, MAX_LINE_BYTES


def lines_of(path: Path, data: bytes) -> list[str]:
    path.write_bytes(data)
    return list(read_lines(path))


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\nb", ["a", "b"]),
        (b"\n\na\n\n", ["", "", "a", ""]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\r\nb\nc\r\n", ["a", "b", "c"]),
        (b"a\r\r\n", ["a\r"]),
        (b"a\rb\n", ["a\rb"]),
        (b"\xef\xbb\xbf", []),
        (b"\xef\xbb\xbf\n", [""]),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", ["a", "\ufeffb"]),
        (b"\xef\xbb\xbf\xef\xbb\xbfa", ["\ufeffa"]),
        ("a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\x00h\ti\n".encode(), ["a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\x00h\ti"]),
        (b"NA\nnull\n007\n2026-11-23\n", ["NA", "null", "007", "2026-11-23"]),
    ],
)
@pytest.mark.parametrize("gzipped", [False, True])
def test_lines_end_at_line_feeds_only(tmp_path, data, lines, gzipped):
    if gzipped:
        assert lines_of(tmp_path / "text.de.gz", gzip.compress(data)) == lines
    else:
        assert lines_of(tmp_path / "text.de", data) == lines


def test_invalid_utf8_names_file_line_and_byte(tmp_path):
    with pytest.raises(DataError, match=r"text\.de, line 3, byte 5: not UTF-8 \(byte 0xff\)"):
        lines_of(tmp_path / "text.de", b"a\nb\nHaus\xff\n")


@pytest.mark.parametrize(
    "data", ["Häuser\n".encode("utf-16-be"), "Häuser\n".encode("latin-1"), b"\xed\xa0\x80\n", b"\xc3"]
)
def test_other_encodings_are_refused(tmp_path, data):
    with pytest.raises(DataError, match=r"line 1, byte .*not UTF-8"):
        lines_of(tmp_path / "text.de", data)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["A house\r\n", "Häuser\n", "Hi"])
def test_utf_16_is_named_with_the_way_out(tmp_path, encoding, text):
    mark = b"" if encoding == "utf-16" or text.isascii() else "\ufeff".encode(encoding)
    with pytest.raises(DataError, match=r"text\.de: .*UTF-16.*iconv"):
        lines_of(tmp_path / "text.de", mark + text.encode(encoding))


def test_a_few_nulls_are_no_utf_16(tmp_path):
    assert lines_of(tmp_path / "text.de", b"a\0\nb\0c\0d\n") == ["a\0", "b\0c\0d"]


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (["a\n", "\n", "b\n", "\n", " \r\n"], 3),
        (["a\n", "\t\n"], 2),
        (["\n", " "], 0),
        (["a", *["\n"] * 1001], 1002),
        ([], 0),
    ],
)
def test_blank_lines_at_the_end_are_dropped(lines, kept):
    assert list(drop_blank_end(lines, "\t")) == lines[:kept]


def test_two_sides_end_together_but_for_blank_lines():
    assert without_blank_end(["a", "", ""], ["b"]) == (["a"], ["b"])
    assert without_blank_end(["a"], ["b", " \r"]) == (["a"], ["b"])
    assert without_blank_end(["a", ""], ["b", "c"]) == (["a", ""], ["b", "c"])
    assert without_blank_end(["a", "", "c"], ["b"]) == (["a", "", "c"], ["b"])


def test_the_longest_line_is_read_and_a_longer_one_refused(tmp_path):
    longest = "a" * MAX_LINE_BYTES
    assert lines_of(tmp_path / "text.de", f"{longest}\n{longest}".encode()) == [longest, longest]
    with pytest.raises(DataError, match=r"text\.de, line 2: longer than 1,048,576 bytes"):
        lines_of(tmp_path / "text.de", f"a\n{longest}b\n".encode())


def test_a_huge_line_is_refused_without_reading_it(tmp_path):
    path = tmp_path / "text.de"
    with open(path, "wb") as file:
        file.truncate(1 << 33)
    tracemalloc.start()
    with pytest.raises(DataError, match="line 1: longer"):
        list(read_lines(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * MAX_LINE_BYTES


def test_concatenated_gzip_files_are_one(tmp_path):
    assert lines_of(tmp_path / "text.gz", gzip.compress(b"a\nb") + gzip.compress(b"c\n")) == ["a", "bc"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"plain text\n",
        lambda data: data[:-4],
        lambda data: data[: len(data) // 2],
        lambda data: data + b"garbage",
        lambda data: data[:20] + bytes([data[20] ^ 0xFF]) + data[21:],
        lambda data: data[:-8] + b"\0\0\0\0" + data[-4:],
    ],
)
def test_broken_gzip_files_are_refused(tmp_path, spoil):
    data = gzip.compress("".join(f"line {number}\n" for number in range(1000)).encode())
    with pytest.raises(DataError, match=r"text\.gz: broken gzip file"):
        lines_of(tmp_path / "text.gz", spoil(data))


def test_a_gzip_bomb_is_refused(tmp_path):
    line = b"\0" * 999 + b"\n"
    with pytest.raises(DataError, match="expands more than 200 times"):
        lines_of(tmp_path / "text.gz", gzip.compress(line * (2 * FREE_EXPANSION_BYTES // 1000)))


def test_a_small_file_of_one_repeated_line_is_no_bomb(tmp_path):
    assert len(lines_of(tmp_path / "text.gz", gzip.compress(b"0123456789abcde\n" * 100_000))) == 100_000


def test_missing_files_folders_and_impossible_names(tmp_path):
    for path in (tmp_path / "missing", tmp_path, Path("null\0byte")):
        with pytest.raises(DataError, match="cannot be read"):
            list(read_lines(path))


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"))),
    st.sampled_from(["\n", "\r\n"]),
)
def test_any_text_survives(tmp_path_factory, lines, line_end):
    path = tmp_path_factory.getbasetemp() / "any-text"
    assert lines_of(path, b"\xef\xbb\xbf" + "".join(line + line_end for line in lines).encode()) == [
        line.removesuffix("\r") if line_end == "\n" else line for line in lines
    ]


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.binary() | st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\xc3", b"\xa4", b"\xff", b"\0"])).map(b"".join))
def test_any_bytes_give_their_lines_or_an_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any-bytes"
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        text = None
    if text is None or is_utf16(data):
        with pytest.raises(DataError):
            lines_of(path, data)
    else:
        expected = text.split("\n") if not text.endswith("\n") else text.split("\n")[:-1]
        assert lines_of(path, data) == [line.removesuffix("\r") for line in expected if text]
