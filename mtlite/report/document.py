"""A report as headings, paragraphs, tables and pictures, written as Markdown, as LaTeX or as one page of HTML."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

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


Block = Heading | Paragraph | Code | Table | Picture | Folded


def to_markdown(blocks: Sequence[Block]) -> str:
    """Markdown, with pictures as files beside it."""
    return "\n\n".join(_markdown(block) for block in blocks) + "\n"


def _markdown(block: Block) -> str:
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
            return f"<details><summary>{_html_text(visible_line(block.title))}</summary>\n\n{inner}\n\n</details>"


def _html_text(text: str) -> str:
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


_STYLE = """
:root { color-scheme: light; --line: #d8d8d8; --soft: #f6f6f4; --ink: #1c1c1c; --quiet: #5d5d5d; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 84rem; color: var(--ink); background: #fff;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { margin-top: 2.2rem; font-size: 1.25rem; } h3 { font-size: 1.05rem; }
p, figcaption { max-width: 54rem; }
figure { margin: 1.2rem 0; min-width: min(100%, 20rem); max-width: 100%; }
figcaption { margin-top: .4rem; width: 0; min-width: min(100%, 54rem); color: var(--quiet); font-size: .9rem; }
.figures { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 0 2rem; }
.picture { flex: 1 1 28rem; max-width: min(100%, 40rem); }
.scroll { overflow-x: auto; -webkit-overflow-scrolling: touch; }
table { border-collapse: separate; border-spacing: 0; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .45rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top;
  white-space: nowrap; }
thead th { background: var(--soft); vertical-align: bottom; } .words { text-align: left; }
.long { min-width: 14rem; white-space: normal; }
tbody th { position: sticky; left: 0; background: #fff; font-weight: normal; }
img { display: block; width: 100%; height: auto; }
pre { overflow-x: auto; padding: .8rem; background: var(--soft); font-size: .85rem; line-height: 1.4; }
details { margin: .6rem 0; } summary { cursor: pointer; }
@page { size: A4 landscape; margin: 12mm; }
@media print { body { max-width: none; padding: 0; font-size: 10px; } .scroll { overflow: visible; }
  tr, img, figcaption { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .picture { break-inside: avoid; } pre { white-space: pre-wrap; } }
"""
# Prints what is folded away, too. A style that does so is not understood by browsers from before 2025.
_SCRIPT = """
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  closed.forEach(each => each.open = true);
});
addEventListener("afterprint", () => closed.forEach(each => each.open = false));
"""
_LONG = 40  # letters from which a column of words needs room


def to_html(title: str, blocks: Sequence[Block]) -> str:
    """One page that needs nothing else: style, pictures and a script for printing are in it."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_html_text(title)}</title>\n<style>{_STYLE}</style>\n<script>{_SCRIPT}</script>\n"
        f"</head>\n<body>\n{_html_blocks(blocks)}\n</body>\n</html>\n"
    )


def _html_blocks(blocks: Sequence[Block]) -> str:
    """Blocks below each other; tables and pictures that follow each other stand side by side where there is room."""
    parts = []
    for figures, some in groupby(blocks, lambda block: isinstance(block, Table | Picture)):
        inner = "\n".join(_html(block) for block in some)
        parts.append(f'<div class="figures">\n{inner}\n</div>' if figures else inner)
    return "\n".join(parts)


def _html(block: Block) -> str:
    match block:
        case Heading():
            return f"<h{block.level}>{_html_text(block.text)}</h{block.level}>"
        case Paragraph():
            return f"<p>{_html_text(block.text)}</p>"
        case Code():
            return f"<pre><code>{_html_text(block.text)}</code></pre>"
        case Table():
            return _html_table(block)
        case Picture():
            source = base64.b64encode(block.svg).decode("ascii")
            return (
                f'<figure class="picture"><img alt="{_html_text(block.shows)}" '
                f'src="data:image/svg+xml;base64,{source}">'
                f"<figcaption>{_html_text(block.caption)}</figcaption></figure>"
            )
        case Folded():
            inner = _html_blocks(block.blocks)
            return f"<details><summary>{_html_text(block.title)}</summary>\n{inner}\n</details>"


def _html_table(table: Table) -> str:
    """A table whose first column, where it is of words, names the rows."""
    width = len(table.columns)
    classes = [""] * width
    for at in table.words:
        long = " long" if any(len(row[at]) > _LONG for row in table.rows) else ""
        classes[at] = f' class="words{long}"'

    def line(scopes: list[str], texts: list[str]) -> str:
        cells = []
        for scope, name, text in zip(scopes, classes, texts, strict=True):
            start, end = (f'<th scope="{scope}"', "</th>") if scope else ("<td", "</td>")
            cells.append(f"{start}{name}>{_html_text(text)}{end}")
        return f"<tr>{''.join(cells)}</tr>"

    head = line(["col"] * width, table.columns)
    rows = "\n".join(line(["row" if 0 in table.words else "", *[""] * (width - 1)], row) for row in table.rows)
    return (
        f'<figure><div class="scroll"><table>\n<thead>{head}</thead>\n<tbody>\n{rows}\n</tbody>\n'
        f"</table></div><figcaption>{_html_text(table.caption)}</figcaption></figure>"
    )


def to_text(table: Table) -> str:
    """A table for a terminal, its columns side by side."""
    lines = [list(map(visible_line, line)) for line in [table.columns, *table.rows]]
    widths = [max(len(line[at]) for line in lines) for at in range(len(table.columns))]
    sides = ["<" if at in table.words else ">" for at in range(len(widths))]
    shapes = "  ".join(f"{{:{side}{width}}}" for side, width in zip(sides, widths, strict=True))
    return "\n".join([*(shapes.format(*line).rstrip() for line in lines), "", visible(table.caption)])


def to_html_part(blocks: Sequence[Block]) -> str:
    """The blocks without a page around them, for a notebook."""
    return "\n".join(map(_html, blocks))
