"""The reader of everything typed: kinds × values × what comes out, or what is said."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from mtlite.config.plain_yaml import parse_yaml, write_yaml
from mtlite.config.read import Between, Count, Matching, Share, plain, read_as, shown
from mtlite.errors import DamagedError, UsageError


@dataclass(frozen=True)
class Pot:
    height: Count = 1
    colour: Literal["red", "blue"] = "red"


@dataclass(frozen=True)
class Room:
    MOVED: ClassVar[dict[str, str]] = {"lamp": "lamps are gone: leave it out"}

    name: str
    width: Annotated[float, Between(1, 100)] | None = None
    share: Share = 0.0
    lit: bool = False
    pot: Pot = field(default_factory=Pot)
    pots: list[Pot] = field(default_factory=list)
    shelf: dict[str, Pot] = field(default_factory=dict)
    door: tuple[int, float] | None = None
    counts: dict[int, int] = field(default_factory=dict)
    notes: list[str] | None = None
    extra: Any = None

    def check(self) -> None:
        if self.lit and self.width is None:
            raise UsageError("lit: expected a width, received none")


POT_2 = {"height": 2, "colour": "blue"}


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (int, 3, 3),
        (float, 3, 3.0),
        (float, -0.5, -0.5),
        (str, "", ""),
        (str, Path("a/b"), "a/b"),
        (bool, False, False),
        (Any, {"x": [1, None]}, {"x": [1, None]}),
        (int | None, None, None),
        (int | str, "3", "3"),
        (int | float, 3, 3),
        (int | float, 3.0, 3.0),
        (Literal["a", 1], 1, 1),
        (Literal["a"] | None, None, None),
        (list[int], [], []),
        (list[list[float]], [[1], [2.5]], [[1.0], [2.5]]),
        (list[str] | None, ["a"], ["a"]),
        (tuple[int, str], [1, "a"], (1, "a")),
        (dict[str, list[int]], {"a": [1]}, {"a": [1]}),
        (dict[int, str], {"-7": "a", 8: "b"}, {-7: "a", 8: "b"}),
        (Annotated[int, Between(1, 3)], 1, 1),
        (Annotated[int, Between(1, 3)], 3, 3),
        (Annotated[int, Between(1, 3)] | None, None, None),
        (Share, 0, 0.0),
        (Annotated[str, Matching("[a-z]+", "letters")], "abc", "abc"),
        (Pot, {}, Pot()),
        (Pot, None, Pot()),
        (Pot, POT_2, Pot(2, "blue")),
        (list[Pot], POT_2, [Pot(2, "blue")]),
        (list[Pot], None, [Pot()]),
        (list[Pot], [POT_2, None], [Pot(2, "blue"), Pot()]),
        (dict[str, Pot], {"a": None}, {"a": Pot()}),
        (Pot | None, None, None),
        (Pot | None, POT_2, Pot(2, "blue")),
    ],
)
def test_what_fits_is_read(kind: Any, value: Any, expected: Any) -> None:
    found: Any = read_as(kind, value, "here")
    assert (found, type(found)) == (expected, type(expected))


HUGE = "a number of more than 64 bits"


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (int, True, "expected a whole number, received true"),
        (int, 3.0, "expected a whole number, received 3.0"),
        (int, "3", "expected a whole number, received 3"),
        (int, None, "expected a whole number, received null"),
        (int, 2**63, f"expected a whole number, received {HUGE}"),
        pytest.param(
            int, -(10**5000), f"expected a whole number, received {HUGE}", id="more digits than Python writes"
        ),
        (float, 10**400, f"expected a number, received {HUGE}"),
        (float, float("nan"), "expected a number, received nan"),
        (float, float("-inf"), "expected a number, received -inf"),
        (float, False, "expected a number, received false"),
        (str, 3, "expected text, received 3"),
        (str, b"a", "expected text, received b'a'"),
        (str, ["a"], "expected text, received a list of 1"),
        (bool, 1, "expected true or false, received 1"),
        (bool | None, "", "expected true or false or null, received ''"),
        (int | None, {}, "expected a whole number or null, received a section of 0"),
        (Literal["a", "b"], "c", "expected one of a, b, received c"),
        (Literal["a"], ["a"], "expected one of a, received a list of 1"),
        (Literal[1], True, "expected one of 1, received true"),
        (Literal["a"], None, "expected one of a, received null"),
        (list[int], 3, "expected a list of whole numbers, received 3"),
        (list[str], "abc", "expected a list of texts, received abc"),
        (list[Count], {}, "expected a list of whole numbers, received a section of 0"),
        (list[Pot], "abc", "expected a list of sections, received abc"),
        (tuple[int, int], [1], "expected a list of 2, received a list of 1"),
        (tuple[int, int], None, "expected a list of 2, received null"),
        (dict[str, int], [1], "expected values by name, such as {name: …}, received a list of 1"),
        (dict[str, int], {1: 1}, "expected text, received 1"),
        (dict[int, int], {"1.5": 1}, "expected a whole number, received 1.5"),
        (dict[int, int], {"9" * 19: 1}, "expected a whole number, received 9999999999999999999"),
        (Annotated[int, Between(1, 3)], 0, "expected at least 1, received 0"),
        (Annotated[int, Between(1, 3000)], 3001, "expected at most 3,000, received 3001"),
        (Annotated[int, Between(1, 3)], 10**30, f"expected at most 3, received {HUGE}"),
        (Annotated[int, Between(1, 3)] | None, 4, "expected at most 3, received 4"),
        (Share, 1, "expected a number from 0 to below 1, received 1"),
        (Share, -0.1, "expected a number from 0 to below 1, received -0.1"),
        (Annotated[str, Matching("[a-z]+", "letters")], "ab\n", r"expected letters, received 'ab\n'"),
        (Pot, 3, "expected options such as height, received 3"),
        (Pot, [POT_2], "expected options such as height, received a list of 1"),
        (Pot | None, "red", "expected options such as height, received red"),
        (Room, {}, "name: expected text, received nothing"),
        (Room, None, "name: expected text, received nothing"),
        (Room, {"name": None}, "name: expected text, received null"),
        (Room, {"name": "a", "lamp": 3}, "lamp: lamps are gone: leave it out"),
        (Room, {"name": "a", "lit": True}, "lit: expected a width, received none"),
        (Room, {"name": "a", "door": [1, "b"]}, "door: expected a number, received b"),
        (Room, {"name": "a", "shelf": []}, "shelf: expected values by name, such as {long:"),
        (Room, {"name": "a", "shelf": {"x": {"height": -1}}}, "shelf.x.height: expected at least 0, received -1"),
        (Room, {"name": "a", "pots": {"height": -1}}, "pots.height: expected at least 0"),
        (Room, {"name": "a", "pots": [None, {"height": -1}]}, "pots[2].height: expected at least 0"),
        (Room, {"name": "a", "notes": [None]}, "notes[1]: expected text, received null"),
        (Room, {"name": "a", "witdh": 3}, "unknown option 'witdh': expected width"),
        (Room, {"name": "a", "pot": {"hight": 3}}, "unknown option 'pot.hight': expected pot.height"),
        (Room, {"name": "a", "pot": {"width": 3}}, "unknown option 'pot.width': expected width"),
        (Room, {"name": "a", "pots": [{}, {"hight": 3}]}, "unknown option 'pots[2].hight': expected pots[2].height"),
        (Pot, {"xyz": 3}, "unknown option 'xyz': expected height or colour"),
        (list[Pot], {"hight": 3}, "unknown option 'hight': expected height"),
        (Pot, {None: 3}, "unknown option 'None': expected height or colour"),
        (Pot, {("a", "b"): 3}, "expected height or colour"),
        (Pot, {"\n" * 10**6: 3}, "expected height or colour"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(kind: Any, value: Any, message: str) -> None:
    with pytest.raises(UsageError) as error:
        read_as(kind, value, "here")
    text = str(error.value)
    assert text.startswith("here: ")
    assert message in text
    assert ": :" not in text
    assert len(text) < 400
    assert text.isprintable()


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (int, "-12", -12),
        (int, "+12", 12),
        (float, "1e-3", 0.001),
        (float, "5", 5.0),
        (int | None, "5", 5),
        (int | float, "5", 5),
        (int | float, "5.0", 5.0),
        (bool, "True", True),
        (str | None, "5", "5"),
        (list[int], ["5", 6], [5, 6]),
        (int, "1e3", 1000),
        (int, 1e3, 1000),  # as YAML reads it
        (int | None, 64.0, 64),
        (Pot, {"height": "2"}, Pot(2)),
    ],
)
def test_numbers_and_truth_values_may_come_as_text_where_that_is_said(kind: Any, text: Any, expected: Any) -> None:
    found: Any = read_as(kind, text, "here", text=True)
    assert (found, type(found)) == (expected, type(expected))
    if kind != str | None:
        with pytest.raises(UsageError):
            read_as(kind, text, "here")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *[(int, text) for text in ("", " 5", "5.5", "1_000", "0x7f", "٣", "null")],
        pytest.param(int, "1" * 5000, id="more digits than Python reads"),
        *[(float, text) for text in (".", "1.2.3", "nan", "inf", "1e999", "e5", "1e")],
        *[(bool, text) for text in ("yes", "1", "")],
    ],
)
def test_text_that_is_no_number(kind: Any, text: str) -> None:
    with pytest.raises(UsageError, match="expected"):
        read_as(kind, text, "here", text=True)


@pytest.mark.parametrize(("text", "meant"), [("yes", "true"), ("On", "true"), ("NO", "false"), ("off", "false")])
def test_a_truth_value_in_words_is_told_what_to_write(text: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"expected true or false, received {text}: write {meant}$"):
        read_as(bool, text, "here", text=True)
    with pytest.raises(UsageError, match=f"received {text}$"):
        read_as(int, text, "here", text=True)


def test_the_error_is_of_the_class_that_is_asked_for_and_names_the_section() -> None:
    with pytest.raises(DamagedError, match=r"^file: pot\.height: expected a whole number, received null$"):
        read_as(Pot, {"height": None}, "file", error=DamagedError, section="pot")


def test_plain_values_go_through_files_and_come_back() -> None:
    room = Room("a", 2.5, 0.25, True, Pot(3), [Pot(4)], {"x": Pot(5)}, (1, 2.0), {-1: 2}, ["b"], {"c": [None]})
    assert read_as(Room, plain(room), "here") == room
    assert read_as(Room, json.loads(json.dumps(plain(room))), "here") == room
    assert read_as(Room, parse_yaml(write_yaml(plain(room)), "here"), "here") == room


@dataclass
class Checked:
    done: ClassVar[list[int]] = []
    number: int = 0

    def check(self) -> None:
        self.done.append(self.number)


@dataclass
class Whole:
    one: Checked
    many: list[Checked]


def test_every_section_is_checked_once() -> None:
    Checked.done.clear()
    read_as(Whole, {"one": {"number": 1}, "many": [{"number": 2}, {"number": 3}]}, "here")
    assert Checked.done == [1, 2, 3]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        ({}, "a section of 0"),
        ((1, 2), "a list of 2"),
        ("", "''"),
        ("a\tb", r"'a\tb'"),
        pytest.param(10**5000, HUGE, id="more digits than Python writes"),
        (2**63 - 1, str(2**63 - 1)),
    ],
)
def test_a_value_is_shown_as_yaml_would_write_it(value: Any, expected: str) -> None:
    assert shown(value) == expected


def test_a_long_value_is_cut() -> None:
    assert len(shown("a" * 10**6)) < 100


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (NDArray[np.float32], [0.1, 1, 1e-30]),
        (NDArray[np.float32], [[0.25, 0.5], [1, 2]]),
        (NDArray[np.int64], [[1, 2], [3, 4]]),
        (NDArray[np.int64], []),
    ],
)
def test_arrays_are_lists_in_json(kind: Any, value: Any) -> None:
    array = read_as(kind, value, "file")
    assert (array == np.array(value, array.dtype)).all()
    assert json.loads(json.dumps(plain(array))) == value


@pytest.mark.parametrize(
    "value", [None, 3, "12", ["1"], [True], [1, [2]], [[1], [2, 3]], [None], [{}], [1.5], [2**70], [float("nan")]]
)
def test_other_values_are_no_array_of_whole_numbers(value: Any) -> None:
    with pytest.raises(UsageError, match="expected a list of whole numbers, or a list of such lists"):
        read_as(NDArray[np.int64], value, "file")


@pytest.mark.parametrize("value", [[float("inf")], [1e40], ["1.0"]])
def test_other_values_are_no_array_of_numbers(value: Any) -> None:
    with pytest.raises(UsageError, match="expected a list of numbers"):
        read_as(NDArray[np.float32], value, "file")
