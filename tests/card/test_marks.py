"""`card/marks.py`: what mtlite writes is written anew, what its user wrote stays, byte by byte."""

from __future__ import annotations

import pytest
import yaml

from mtlite.card.marks import refreshed
from mtlite.errors import RunError


def new(before="", body="# First\n\n1", **values):
    values = values or {"language": "en", "tags": ["a"]}
    keys = []

    def metadata(theirs):
        keys.append(set(theirs))
        return yaml.safe_dump({key: value for key, value in values.items() if key not in theirs})

    made = refreshed(before, metadata, body, "README.md")
    return made, keys[0]


def front_of(card):
    return yaml.safe_load(card.split("---\n")[1])


def test_a_new_card_has_metadata_first_and_can_be_read():
    card, theirs = new()
    assert card.startswith("---\n")
    assert front_of(card) == {"language": "en", "tags": ["a"]}
    assert "\n# First\n\n1\n" in card
    assert theirs == set()


def test_writing_again_changes_nothing():
    card, _ = new()
    assert new(card) == (card, set())


def test_what_stands_outside_the_marks_stays():
    card, _ = new()
    head, body = card.split("---\n")[1:]
    mine = f"---\n# my licence\nlicense: mit\n{head}extra: [1]\n---\nMy words first.\n{body}\n\nMy words | last.   "
    again, theirs = new(mine, "# Second", language="de", license="none", tags=["b"])
    assert theirs == {"license", "extra"}
    assert front_of(again) == {"license": "mit", "language": "de", "tags": ["b"], "extra": [1]}
    assert again.startswith("---\n# my licence\nlicense: mit\n")
    assert "---\nMy words first.\n" in again
    assert again.endswith("\n\nMy words | last.   ")
    assert "# Second" in again
    assert "# First" not in again


def test_a_card_without_marks_gets_them_at_its_end():
    again, theirs = new("---\nlicense: mit\n---\nMine.\n")
    assert theirs == {"license"}
    assert front_of(again) == {"license": "mit", "language": "en", "tags": ["a"]}
    assert "---\nMine.\n" in again
    assert again.index("Mine.") < again.index("# First")
    assert new(again)[0] == again


def test_words_without_metadata_stay_too():
    again, _ = new("Mine.")
    assert front_of(again) == {"language": "en", "tags": ["a"]}
    assert "\nMine.\n" in again
    assert new(again)[0] == again


def test_line_ends_of_windows_are_no_hindrance():
    card = new()[0].replace("\n", "\r\n")
    again = new(card, "# Second")[0]
    assert again.count("# Second") == 1
    assert "# First" not in again


@pytest.mark.parametrize("front", ["a: [", "- 1\n- 2", "just words", "a: !!python/name:os.system x"])
def test_metadata_that_are_none_are_refused_by_name(front):
    with pytest.raises(RunError, match=r"README\.md") as caught:
        new(f"---\n{front}\n---\n")
    assert len(str(caught.value).splitlines()) == 1
