"""YAML by the rules of YAML 1.2: what a plain text means, what is written, and where a mistake is."""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mtlite.config.plain_yaml import parse_yaml, write_yaml
from mtlite.errors import UsageError

MEANT: list[tuple[str, Any]] = [
    *((text, text) for text in ("no", "No", "NO", "yes", "on", "off", "y", "n", "tRue", "NuLL")),
    *((text, True) for text in ("true", "True", "TRUE")),
    *((text, False) for text in ("false", "False", "FALSE")),
    *((text, None) for text in ("", "~", "null", "Null", "NULL")),
    *(("010", 10), ("0o10", 8), ("0x1F", 31), ("-07", -7), ("+3", 3), ("08", 8), ("0", 0)),
    *(("1e3", 1000.0), ("1E-3", 0.001), (".5", 0.5), ("5.", 5.0), ("-1.5e+2", -150.0), ("685e0", 685.0)),
    *((".inf", math.inf), ("-.INF", -math.inf), ("+.inf", math.inf)),
    *((text, text) for text in ("1_000", "190:20:30", "2026-11-23", "0b11", "0o8", "-0o7", "1e", ".", "e5", "<<", "=")),
    *((text, text) for text in ("inf", "nan", ".Nan", "\u0663", "0xg", "1.2.3", "-", "None")),
    *(
        ("'no'", "no"),
        ('"010"', "010"),
        ("!!str 1e3", "1e3"),
        ("!!int 0o10", 8),
        ("!!float 1", 1.0),
        ("!!null ~", None),
    ),
    *(("!!bool FALSE", False), ("!!str", "")),
]


@pytest.mark.parametrize(("text", "meant"), MEANT)
def test_what_a_text_means(text: str, meant: Any) -> None:
    for content in (f"a: {text}", f"a: {text}".encode(), f"{{a: {text} }}"):
        if text == "-" and content != "a: -":
            continue  # the start of a list
        if text != "-":
            found = parse_yaml(content, "here")["a"]
            assert (found, type(found)) == (meant, type(meant))
    if text not in ("-", "") and not text.startswith("!!") and isinstance(meant, str):
        assert parse_yaml(f"{text}: 1", "here") == {meant: 1}  # a name, too


def test_not_a_number() -> None:
    assert all(math.isnan(parse_yaml(text, "here")) for text in (".nan", ".NaN", ".NAN"))


TEXTS = [
    "no",
    "Off",
    "010",
    "0o10",
    "0x1",
    "1e3",
    "1_0",
    "12:30",
    "~",
    "null",
    "true",
    "",
    " ",
    "2026-11-23",
    ".inf",
    "=",
]
TEXTS += [
    "<<",
    "a: b",
    "#",
    "- a",
    "\u2028x",
    "\x85",
    "\t",
    "a\nb",
    "\x1b[0m",
    "\u00fc",
    "\u202e",
    "\U0001f98a",
    "'",
    '"',
    "y",
]
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"), max_size=8)
    | st.sampled_from(TEXTS),
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.sampled_from(TEXTS) | st.text("abn", min_size=1), each)
    ),
    max_leaves=6,
)


@given(PLAIN)
def test_what_is_written_is_read_back_the_same(values: Any) -> None:
    written = write_yaml({"x": values})
    assert repr(parse_yaml(written, "here")) == repr({"x": values})


@pytest.mark.parametrize("text", TEXTS)
def test_readers_of_yaml_1_1_read_a_written_text_as_a_text(text: str) -> None:
    """Of other programs, and of earlier versions."""
    assert yaml.safe_load(write_yaml([text])) == [text]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: !!int no\n", "line 2 .*no is no int"),
        ("a: 1\n\nb: !!bool yes\n", "line 3 .*yes is no bool"),
        ("a: !!null x", "line 1 .*x is no null"),
        ("a: !!float 1_0", "line 1 .*1_0 is no float"),
        ("a: 1\nb: [1,\n 1e999]", "line 3 .*1e999 is too large"),
        (f"a: 1\nb: {'9' * 5000}", "line 2 .*9 is too large"),
        (f"a: !!float {'9' * 400}", "line 1 .*9 is too large"),
        *((f"a: 1\nb: !!{tag} x", "line 2 .*constructor") for tag in ("binary", "timestamp", "set", "omap", "pairs")),
        ("a: 1\n010: 2\n010: 3", "line 3 .*010 is given twice"),
    ],
)
def test_a_value_that_is_none_is_found_in_its_line(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=f"^here, {problem}") as error:
        parse_yaml(text, "here")
    assert len(str(error.value)) < 300


def test_yaml_as_bytes_and_text_has_the_same_limits():
    assert parse_yaml("{a: [1, null, x]}", "here") == parse_yaml(b"{a: [1, null, x]}", "here") == {"a": [1, None, "x"]}
    with pytest.raises(UsageError, match="here, line 1 is not plain YAML"):
        parse_yaml("a: [", "here")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("seed: 1\nmodel:\n  units 8\n  layers: 1\n", 3),
        ("seed: 1\nmodel\ndata:\n  held_out: 3\n", 2),
        ("seed: 1\nmodel\n", 2),
        ("seed: 1\nmodel:\n  units: 8: 9\n", 3),
        ("model:\n  units: 8\n    layers: 1\n", 3),
        ("model:\n\tunits: 8\n", 2),
        ("a: 1\nmodel: {units: 8\ntraining:\n  max_updates: 3\n", 2),
        ("a: 1\nlist: [1, 2\nother: 3\n", 2),
        ('a: 1\nname: "abc\nb: 2\nc: 3\n', 2),
        ("a: 1\nb: 2\na: 3\n", 3),
        ("a: 1\r\nmodel\r\nb: 3\r\n", 2),
    ],
)
def test_a_mistake_in_yaml_is_found_in_its_line(text: str, line: int) -> None:
    for content in (text, text.encode()):
        with pytest.raises(UsageError, match=f"^here, line {line} is not plain YAML"):
            parse_yaml(content, "here")


def test_a_text_is_written_as_people_read_it() -> None:
    values = {"zuletzt": "Größe 世界", "anfangs": ["no", "1e3", None, 3]}
    text = write_yaml(values)
    assert "Größe 世界" in text
    assert text.index("zuletzt") < text.index("anfangs")  # in the order given
    assert parse_yaml(text, "here") == values
