"""The script that a text is written in."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache

_MIXED = ("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "BOPOMOFO")  # one sentence mixes them at will
_UNSPACED = {"THAI": "Thai", "LAO": "Laoo", "KHMER": "Khmr", "MYANMAR": "Mymr", "TIBETAN": "Tibt"}
_KANA_OF_JAPANESE = 0.1  # share of the letters; a Japanese text has more, a Chinese one has names at most


def script_of(text: str) -> str | None:
    """Find the script of most letters; None without letters."""
    return most_frequent(Counter(map(_script_of_character, text)))


def unspaced_script(texts: Iterable[str]) -> str | None:
    """Find the script of most letters if it parts no words by spaces, as ISO 15924 calls it; else None."""
    characters = Counter(character for text in texts for character in text)
    scripts: Counter[str | None] = Counter()
    for character, count in characters.items():
        scripts[_script_of_character(character)] += count
    script = most_frequent(scripts)
    if script == "HAN":
        kana = sum(count for character, count in characters.items() if "\u3041" <= character <= "\u30ff")
        return "Jpan" if kana > _KANA_OF_JAPANESE * scripts[script] else "Hani"
    return _UNSPACED.get(script or "")


@cache
def _script_of_character(character: str) -> str | None:
    """The script of a letter, which is the first word of its Unicode name; None if it is no letter."""
    if not character.isalpha():
        return None
    name = unicodedata.name(unicodedata.normalize("NFKC", character)[0], "UNKNOWN").split()[0]
    return "HAN" if name in _MIXED else name


def most_frequent(scripts: Counter[str | None]) -> str | None:
    """The script that occurs most, the first of several; None if there is none."""
    return max((script for script in scripts if script), key=scripts.__getitem__, default=None)
