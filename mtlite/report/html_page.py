"""A report as one page of HTML that needs nothing else: style, pictures, scripts and data are in it."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from mtlite.page.compose import checksum, data_text, script_text
from mtlite.page.modules import join
from mtlite.report.document import Block, Code, Explorer, Folded, Heading, Paragraph, Picture, Table, html_text

_EXPLORE = Path(__file__).parent / "explore"
_LONG = 40  # letters from which a column of words needs room


@dataclass
class _Section:
    """What stands under one heading."""

    title: str
    id: str
    html: list[str] = field(default_factory=list)


def to_html(title: str, blocks: Sequence[Block]) -> str:
    """The page. Its sections fold, all but the first and the one with sentences; a list of them stands at the side.

    Scripts and style are allowed by their checksums, and pictures from within the page: nothing else is loaded.
    """
    style, script = (_EXPLORE / "report.css").read_text(encoding="utf-8"), script_text(join(_EXPLORE / "explore.js"))
    policy = (
        f"default-src 'none'; script-src {checksum(script)}; style-src {checksum(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    intro, sections = _sections(blocks)
    links = "".join(f'<li><a href="#{each.id}">{html_text(each.title)}</a></li>' for each in sections)
    side = f'<nav aria-label="Contents"><ol>{links}</ol><p id="folding"></p></nav>' if sections else ""
    folded = "\n".join(_folded_section(each, number == 0) for number, each in enumerate(sections))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html_text(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<div class="side">\n{side}\n<div id="systems"></div>\n</div>\n<main>\n{intro}\n{folded}\n</main>\n'
        f'<script type="module">{script}</script>\n</body>\n</html>\n'
    )


def to_html_part(blocks: Sequence[Block]) -> str:
    """The blocks without a page around them, for a notebook."""
    return "\n".join(map(_html, blocks))


def _sections(blocks: Sequence[Block]) -> tuple[str, list[_Section]]:
    """What stands before the first heading of a section, and the sections."""
    intro: list[str] = []
    sections: list[_Section] = []
    waiting: list[Block] = []

    def finish() -> None:
        (sections[-1].html if sections else intro).append(_html_blocks(waiting))
        waiting.clear()

    for block in blocks:
        if isinstance(block, Explorer):
            finish()
            sections.append(_Section(block.title, "sentences", [_html(block)]))
        elif isinstance(block, Heading) and block.level == 2:
            finish()
            sections.append(_Section(block.text, _id_of(block.text, sections)))
        else:
            waiting.append(block)
    finish()
    return "\n".join(intro), sections


def _id_of(title: str, sections: Sequence[_Section]) -> str:
    """A name for links to a section: letters, digits and hyphens."""
    name = re.sub("[^a-z0-9]+", "-", title.lower()).strip("-")
    return f"s{len(sections) + 1}-{name}".strip("-")


def _folded_section(section: _Section, first: bool) -> str:
    opened = " open" if first or section.id == "sentences" else ""
    inner = "\n".join(section.html)
    return (
        f'<details class="section" id="{section.id}"{opened}><summary><h2>{html_text(section.title)}</h2></summary>\n'
        f"{inner}\n</details>"
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
            return f"<h{block.level}>{html_text(block.text)}</h{block.level}>"
        case Paragraph():
            return f"<p>{html_text(block.text)}</p>"
        case Code():
            return f"<pre><code>{html_text(block.text)}</code></pre>"
        case Table():
            return _html_table(block)
        case Picture():
            source = base64.b64encode(block.svg).decode("ascii")
            return (
                f'<figure class="picture"><img alt="{html_text(block.shows)}" '
                f'src="data:image/svg+xml;base64,{source}">'
                f"<figcaption>{html_text(block.caption)}</figcaption></figure>"
            )
        case Folded():
            inner = _html_blocks(block.blocks)
            return f"<details><summary>{html_text(block.title)}</summary>\n{inner}\n</details>"
        case Explorer():
            return (
                f'<p>{html_text(block.words)}</p>\n<div id="explorer"><p>To sort and filter sentences, open this page '
                f"where scripts may run. Everything else is here without them.</p></div>\n"
                f'<script type="application/json" id="data">{data_text(block.data)}</script>'
            )


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
            cells.append(f"{start}{name}>{html_text(text)}{end}")
        return f"<tr>{''.join(cells)}</tr>"

    head = line(["col"] * width, table.columns)
    rows = "\n".join(line(["row" if 0 in table.words else "", *[""] * (width - 1)], row) for row in table.rows)
    name = f' data-table="{html_text(table.name)}"' if table.name else ""
    return (
        f'<figure{name}><div class="scroll"><table>\n<thead>{head}</thead>\n<tbody>\n{rows}\n</tbody>\n'
        f"</table></div><figcaption>{html_text(table.caption)}</figcaption></figure>"
    )
