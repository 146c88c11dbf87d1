"""Further references as lines of a file, and back."""

from __future__ import annotations

import pytest

from mtlite.errors import UsageError
from mtlite.storage.references import as_lines, with_further


def test_what_is_written_is_read_back() -> None:
    further = [["b\u2028c", 'with "quotes"'], [], ["ß", ""]]
    lines = as_lines(further)
    assert not any("\n" in line for line in lines)
    assert with_further(["a", "b", "c"], lines, "run") == [
        ["a", *further[0]],
        ["b"],
        ["c", *further[2]],
    ]
    assert with_further(["a"], None, "run") == ["a"]


@pytest.mark.parametrize("lines", [[], ["[]", "[]"], ["{}"], ["[1]"], ["[["], ['"a"'], ["null"]])
def test_what_is_something_else(lines: list[str]) -> None:
    with pytest.raises(UsageError, match=r"run: (expected )?further references"):
        with_further(["a"], lines, "run")
