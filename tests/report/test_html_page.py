"""Text of users is shown as it is, never as markup; nothing but what is in the page may be loaded or run."""

from __future__ import annotations

import base64
import hashlib
import re

from blocks import BLOCKS, ODD

from mtlite.report.document import Block, Explorer, Heading, Paragraph, Table
from mtlite.report.html_page import to_html, to_html_part


def test_html() -> None:
    page = to_html(ODD, BLOCKS)
    assert "<b>" not in page
    assert page.count("a &lt;b&gt; &amp; | *c*") == 5
    assert 'alt="b &amp; c"' in page
    assert "&lt;/code&gt;" in page
    assert page.count("<tr>") == 3
    assert 'src="data:image/svg+xml;base64,PHN2Zy8+"' in page


def test_the_heads_of_a_table_say_what_they_name() -> None:
    page = to_html("", [Table(["system", "n"], [["a", "1"]], "Numbers")])
    assert '<tr><th scope="col" class="words">system</th><th scope="col">n</th></tr>' in page
    assert '<tr><th scope="row" class="words">a</th><td>1</td></tr>' in page
    assert "<tr><td>1</td><td>2</td></tr>" in to_html("", [Table(["a", "b"], [["1", "2"]], "Numbers", ())])


def test_sections_fold_and_stand_in_the_contents() -> None:
    blocks: list[Block] = [Paragraph("before"), Heading("A & B"), Paragraph("a"), Heading("c", 3), Heading("A & B")]
    page = to_html("", [*blocks, Explorer("All", "words", {"a": 1})])
    links = re.findall('<a href="#([^"]*)">([^<]*)</a>', page)
    assert [text for _, text in links] == ["A &amp; B", "A &amp; B", "All"]
    sections = re.findall('<details class="section" id="([^"]*)"( open)?>', page)
    assert [name for name, _ in sections] == [name for name, _ in links]
    assert [bool(opened) for _, opened in sections] == [True, False, True]
    assert len({name for name, _ in links}) == 3
    assert page.index("before") < page.index("<details")
    assert "<nav" not in to_html("", [Paragraph("a")])


def test_only_what_is_in_the_page_may_run() -> None:
    page = to_html("", [Explorer("All", "words", {})])
    policy = re.findall('Content-Security-Policy" content="([^"]*)"', page)[0]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    for rule, start in (("script-src", '<script type="module">'), ("style-src", "<style>")):
        text = re.findall(re.escape(start) + "(.*?)</", page, re.DOTALL)[0]
        assert rules[rule] == f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
    assert " style=" not in page
    assert not re.search(" on[a-z]+=", page)


def test_a_part_is_no_page() -> None:
    assert to_html_part([Paragraph("a<b")]) == "<p>a&lt;b</p>"
