"""A report as headings, paragraphs, tables and pictures, as Markdown, LaTeX or text; `html_page` makes a page of it."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mtlite.visible import visible, visible_line


@dataclass(frozen=True)
class Heading:
    """The title of a part."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """Plain words."""

    text: str


@dataclass(frozen=True)
class Code:
    """Text to be copied as it is."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows of short texts."""

    columns: list[str]  # their headings
    rows: list[list[str]]  # as many texts each
    caption: str  # what it shows, in plain words
    words: tuple[int, ...] = (0,)  # columns, from 0, of running text; the others are numbers or names
    name: str = ""  # for references to it in LaTeX; empty for a table that is folded away


@dataclass(frozen=True)
class Picture:
    """A drawing."""

    name: str  # of its file
    svg: bytes  # the drawing
    caption: str  # how to read it, in plain words
    shows: str  # what can be seen in it, for those who cannot see it


@dataclass(frozen=True)
class Folded:
    """Blocks that are shown when asked for."""

    title: str
    blocks: Sequence[Heading | Paragraph | Code | Table | Picture]


@dataclass(frozen=True)
class Explorer:
    """Sentences to look through, with a script: it is in a page of HTML alone."""

    title: str  # of its section
    words: str  # what it shows
    data: object  # what the script reads, plain values


Block = Heading | Paragraph | Code | Table | Picture | Folded | Explorer


def to_markdown(blocks: Sequence[Block]) -> str:
    """Markdown, with pictures as files beside it."""
    return "\n\n".join(_markdown(block) for block in blocks if not isinstance(block, Explorer)) + "\n"


def _markdown(block: Heading | Paragraph | Code | Table | Picture | Folded) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {_cell(block.text)}"
        case Paragraph():
            return _cell(block.text)
        case Code():
            fence = "```"
            while fence in block.text:
                fence += "`"
            return f"{fence}\n{visible(block.text)}\n{fence}"
        case Table():
            kinds = ["---" if at in block.words else "--:" for at in range(len(block.columns))]
            head, *lines = [list(map(_cell, line)) for line in [block.columns, *block.rows]]
            rows = [f"| {' | '.join(line)} |" for line in [head, kinds, *lines]]
            return "\n".join(rows) + f"\n\n*{_cell(block.caption)}*"
        case Picture():
            return f"![{_cell(block.shows)}]({block.name}.svg)\n\n*{_cell(block.caption)}*"
        case Folded():
            inner = "\n\n".join(_markdown(each) for each in block.blocks)
            return f"<details><summary>{html_text(visible_line(block.title))}</summary>\n\n{inner}\n\n</details>"


def html_text(text: str) -> str:
    """Text as HTML shows it."""
    return html.escape(visible(text))


_MARKDOWN = re.compile(r"[\\`*_\[\]|<>#$~&@]|:(?=//)|(?<=www)(?=\.)|^[-+=]|(?<=^\d)[.)](?=\s|$)")
"""What Markdown would not show as it is: its marks, entities, formulas, mentions, links, the start of a list."""


def _cell(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _MARKDOWN.sub(lambda found: f"\\{found[0]}", visible_line(text))


_LATEX = {
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"},
    **{"Δ": r"$\Delta$", "±": r"$\pm$", "×": r"$\times$", "·": r"$\cdot$", "…": r"\ldots{}", "–": "–", "−": "$-$"},
    **{"[": "{[}", "]": "{]}", "*": "{*}", "`": r"\textasciigrave{}", "'": r"\textquotesingle{}"},
    **{"“": "``", "”": "''", "≥": r"$\geq$"},
}
# Letters that pdfLaTeX knows without a package.
_LATEX_LETTERS = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿ"


def to_latex(blocks: Sequence[Block]) -> str:
    """The tables that are not folded away, each in a `table` of its own, for a paper.

    They need the package `booktabs`, and UTF-8 input. A letter that pdfLaTeX does not know is written as its number.
    """
    tables = [_latex(block) for block in blocks if isinstance(block, Table)]
    return "\n\n".join([r"% \usepackage{booktabs}", *tables]) + "\n"


def _latex(table: Table) -> str:
    kinds = "".join("l" if at in table.words else "r" for at in range(len(table.columns)))
    head, *rows = (" & ".join(_latex_text(text) for text in line) + r" \\" for line in [table.columns, *table.rows])
    body = "\n".join([r"\toprule", head, r"\midrule", *rows, r"\bottomrule"])
    return (
        f"\\begin{{table}}\n\\centering\n\\begin{{tabular}}{{{kinds}}}\n{body}\n\\end{{tabular}}\n"
        f"\\caption{{{_latex_text(table.caption)}}}\n\\label{{tab:{table.name}}}\n\\end{{table}}"
    )


def _latex_text(text: str) -> str:
    known = {**dict.fromkeys(_LATEX_LETTERS), **_LATEX}
    plain = "".join(each if each.isascii() or each in known else f"U+{ord(each):04X}" for each in visible_line(text))
    return "".join(_LATEX.get(letter, letter) for letter in plain).replace("--", "-{}-").replace("–", "--")


def to_text(table: Table) -> str:
    """A table for a terminal, its columns side by side."""
    lines = [list(map(visible_line, line)) for line in [table.columns, *table.rows]]
    widths = [max(len(line[at]) for line in lines) for at in range(len(table.columns))]
    sides = ["<" if at in table.words else ">" for at in range(len(widths))]
    shapes = "  ".join(f"{{:{side}{width}}}" for side, width in zip(sides, widths, strict=True))
    return "\n".join([*(shapes.format(*line).rstrip() for line in lines), "", visible(table.caption)])
