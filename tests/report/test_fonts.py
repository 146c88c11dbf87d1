"""Which fonts are chosen, and what is said where none has a character."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager, ft2font

from mtlite.report import fonts
from mtlite.report.fonts import fonts_for


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch):
    """Only matplotlib's own fonts are there, and nothing was said yet."""
    files = Path(matplotlib.get_data_path(), "fonts", "ttf").glob("*.ttf")
    own = [font_manager.ttfFontProperty(ft2font.FT2Font(str(path))) for path in sorted(files)]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", own)
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    monkeypatch.setattr(fonts, "_said", set())
    fonts._read_new_fonts.cache_clear()
    yield
    fonts._read_new_fonts.cache_clear()


def make_font(folder: Path, family: str, characters: str) -> str:
    """Write a font with a blank glyph for each character; return its path."""
    names = [".notdef", *(f"glyph{number}" for number in range(len(characters)))]
    builder = FontBuilder(unitsPerEm=1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap(dict(zip(map(ord, characters), names[1:], strict=True)))
    builder.setupGlyf(dict.fromkeys(names, TTGlyphPen(None).glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (500, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    path = folder / f"{family}.ttf"
    builder.save(path)
    return str(path)


@pytest.mark.parametrize("text", ["", "a ▁ é", "Привет Γειά", "שלום", "سلام"])
def test_what_comes_with_matplotlib_is_enough_for_some_scripts(text, capsys):
    assert fonts_for([text]) == ["DejaVu Sans"]
    assert capsys.readouterr().err == ""


def test_what_to_install_is_said_once(capsys):
    assert fonts_for(["बच्चे", "老人", "🦊 ทะเล"]) == ["DejaVu Sans"]
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3
    for scripts, package in (["Devanagari", "Thai"], "-core"), (["Chinese"], "-cjk"), (["Emoji"], "symbola"):
        assert [all(script in line for script in scripts) for line in said if package in line] == [True]
    fonts_for(["बच्चे 老人"])
    assert capsys.readouterr().err == ""


def test_the_font_that_has_most_comes_first(tmp_path, capsys):
    for family, characters in ("A Sans", "क"), ("B Serif", "कखग"), ("C Sans", "कखग"), ("D Sans", "घ"):
        font_manager.fontManager.addfont(make_font(tmp_path, family, characters))
    assert fonts_for(["कखगघ"]) == ["DejaVu Sans", "C Sans", "D Sans"]
    assert capsys.readouterr().err == ""


def test_a_font_that_was_installed_just_now_is_found(tmp_path, monkeypatch, capsys):
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    path = make_font(tmp_path, "New Sans", "क")
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(broken), path])
    assert fonts_for(["क"]) == ["DejaVu Sans", "New Sans"]
    assert capsys.readouterr().err == ""


def test_a_list_without_any_fonts_is_made_again(monkeypatch, capsys):
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    assert fonts_for(["a é"]) == ["DejaVu Sans"]
    assert "DejaVu Sans" in {entry.name for entry in font_manager.fontManager.ttflist}
    assert capsys.readouterr().err == ""
