"""Fonts for text of any script: which of the installed ones have its characters, and what to install where none has."""

from __future__ import annotations

import logging
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib import font_manager, ft2font

from mtlite.notices import notice

_FIRST = ("DejaVu Sans", "Noto Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "WenQuanYi Zen Hei", "Microsoft YaHei")
_BOXES = "Last Resort"  # a font of matplotlib's own: it has a box for everything
_REGULAR = (400, 500, "normal", "regular", "book", "roman", "medium")
_NAMED = {"CJK": "CHINESE", "IDEOGRAPHIC": "CHINESE"}  # in another way than Unicode does
_EAST_ASIAN = ("CHINESE", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "FULLWIDTH", "HALFWIDTH")
_PACKAGES = {**dict.fromkeys(_EAST_ASIAN, "fonts-noto-cjk"), "EMOJI": "fonts-symbola"}
_OTHER_PACKAGE = "fonts-noto-core"
_said: set[str] = set()

# It would say which weight it takes for one that a family has not.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


def fonts_for(text: Iterable[str]) -> list[str]:
    """Choose families in the order in which to look for a character; say once what has no font, and what to install."""
    wanted = {character for part in text for character in part if character.isprintable() and character != " "}
    chosen, missing = _chosen(wanted)
    if missing and _read_new_fonts():
        chosen, missing = _chosen(wanted)
    if missing:
        _advise(missing)
    return chosen or [_FIRST[0]]


def _chosen(wanted: set[str]) -> tuple[list[str], set[str]]:
    """Families that have the characters, and the characters that none has."""
    paths = _families()
    chosen = [name for name in _FIRST[:1] if name in paths]
    missing = wanted - {character for name in chosen for character in wanted & _characters(paths[name])}
    for name in filter(paths.__contains__, _FIRST[1:]):
        if found := missing & _characters(paths[name]):
            chosen.append(name)
            missing -= found
    while missing and paths:
        # The font that has most, so that one script is written in one font; one without serifs if there are several.
        best = max(paths, key=lambda name: (len(missing & _characters(paths[name])), "Sans" in name, name))
        if not (found := missing & _characters(paths[best])):
            break
        chosen.append(best)
        missing -= found
    return chosen, missing


def _families() -> dict[str, str]:
    """The file of the upright, regular face of each family."""
    entries = sorted(font_manager.fontManager.ttflist, key=lambda entry: (entry.name, entry.fname))
    regular = [entry for entry in entries if entry.style == "normal" and entry.weight in _REGULAR]
    return {entry.name: entry.fname for entry in reversed(regular) if not entry.name.startswith(_BOXES)}


@cache
def _characters(path: str) -> frozenset[str]:
    """What a font can draw; nothing if it is broken, or made of pictures of one size."""
    try:
        font = ft2font.FT2Font(path)
    except (OSError, RuntimeError):
        return frozenset()
    scalable = bool(font.face_flags & ft2font.FaceFlags.SCALABLE)
    return frozenset(map(chr, font.get_charmap())) if scalable else frozenset()


@cache
def _read_new_fonts() -> bool:
    """Add fonts that are not in the list that matplotlib once made and keeps; return whether there are any.

    Those that were installed since are not in it, nor matplotlib's own if it was stopped while it made the list.
    """
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    own = map(str, sorted(Path(matplotlib.get_data_path(), "fonts", "ttf").glob("*.ttf")))
    paths = [*own, *font_manager.findSystemFonts()]
    new = [path for path in paths if path not in known and _characters(path)]
    for path in new:
        font_manager.fontManager.addfont(path)
    return bool(new)


def _advise(missing: set[str]) -> None:
    """Say what to install, once for each package."""
    by_package: dict[str, dict[str, str]] = defaultdict(dict)
    for character in sorted(missing):
        script = _script(character)
        by_package[_PACKAGES.get(script, _OTHER_PACKAGE)].setdefault(script, character)
    for package, scripts in by_package.items():
        if package not in _said:
            _said.add(package)
            named = ", ".join(f"{script.title()} ({character})" for script, character in scripts.items())
            where = f"{package} of Debian and Ubuntu, or https://fonts.google.com/noto"
            notice(f"no font has some characters, which are drawn as boxes: {named}: install one, such as {where}")


def _script(character: str) -> str:
    """The first word of its name, which is its script for a letter."""
    if unicodedata.category(character) in ("So", "Sk") and character >= "\U0001f000":
        return "EMOJI"
    name = unicodedata.name(character, "UNKNOWN").split()[0]
    return _NAMED.get(name, name)
