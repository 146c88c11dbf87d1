"""`page/compose.py`: one file, in which whatever anybody wrote is text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mtlite.page.compose import PackedRun, compose, data_text, script_text

HOSTILE = "</script><script>alert(1)</script> <!--<script> ]]> </style> \" ' & \u2028\u2029 \x1b[31m 🦊"
FAKE_WORKER = Path(__file__).parent / "fake_worker.js"


class Found(HTMLParser):
    """The scripts, styles, policy and title of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.tags: list[str] = []
        self.policy, self._open = "", ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append(tag)
        self._open = given.get("id") or tag if tag in ("script", "style", "title") else ""
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]

    def handle_endtag(self, tag):
        self._open = ""

    def handle_data(self, text):
        if self._open:
            self.texts[self._open] = self.texts.get(self._open, "") + text


def run_of(name: str, weights: bytes = b"weights", tokenizer: bytes = b"pieces") -> PackedRun:
    return PackedRun({"name": name}, weights, tokenizer, tokenizer)


@pytest.fixture(scope="module")
def page():
    return compose(HOSTILE, [run_of(HOSTILE), run_of("b", b"other\0weights")], HOSTILE, FAKE_WORKER)


def test_hostile_names_and_texts_are_text(page):
    found, plain = Found(page), Found(compose("a", [run_of("a"), run_of("b", b"other")], "a", FAKE_WORKER))
    assert found.tags == plain.tags
    data = json.loads(found.texts["page-data"])
    assert (data["title"], data["text"], data["runs"][0]["name"]) == (HOSTILE, HOSTILE, HOSTILE)
    assert found.texts["title"].startswith("</script><script>alert(1)")
    assert "\\x1b" in found.texts["title"]


@pytest.mark.parametrize("letters", ["<", "</script", "<!--", "\u2028", "\x1b", "\ud800"])
def test_data_holds_nothing_that_html_or_javascript_reads(letters):
    written = data_text({"text": letters, letters: 1})
    assert letters not in written
    assert json.loads(written.encode()) == {"text": letters, letters: 1}


def test_a_script_that_writes_html_stays_whole():
    script = 'const a = "</script><SCRIPT><!-- -->"; if (1 < 2 && 2<!x) {}'
    written = script_text(script)
    assert not re.search("</?script|<!--", written, re.IGNORECASE)
    assert written.replace("\\x3c", "<") == script


def test_the_policy_allows_the_one_script_and_no_network(page):
    found = Found(page)
    allowed = dict(part.split(" ", 1) for part in found.policy.split("; "))
    assert allowed["default-src"] == allowed["connect-src"] == "'none'"
    assert allowed["worker-src"] == "blob:"
    sha256 = hashlib.sha256(found.texts["script"].encode()).digest()
    assert allowed["script-src"] == f"'sha256-{base64.b64encode(sha256).decode()}'"
    assert not re.search(r"""(src|href)\s*=\s*["']?\s*(https?:|//)|@import|url\(""", page.replace(HOSTILE, ""))


def test_equal_parts_stand_in_the_page_once(page):
    found = Found(page)
    blocks = [run["blocks"] for run in json.loads(found.texts["page-data"])["runs"]]
    assert blocks[0]["source"] == blocks[0]["target"] == blocks[1]["source"]
    assert blocks[0]["weights"] != blocks[1]["weights"]
    content = zlib.decompress(base64.b64decode(found.texts[blocks[1]["weights"]]))
    assert content == b"other\0weights"


def test_the_same_runs_make_the_same_page(page):
    assert compose(HOSTILE, [run_of(HOSTILE), run_of("b", b"other\0weights")], HOSTILE, FAKE_WORKER) == page
