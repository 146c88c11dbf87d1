"""The parts of a page put into one file of HTML, in which whatever anybody wrote stays text."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import NamedTuple

from mtlite.page.modules import join
from mtlite.version import __version__
from mtlite.visible import visible_line

FOLDER = Path(__file__).parent
_PARTS = ("weights", "source", "target")
_POLICY = {
    "default-src": "'none'",
    "script-src": "{script}",  # the one script of the page, and no other
    "worker-src": "blob:",  # from a file, a worker can only be made out of text
    "style-src": "'unsafe-inline'",  # the sheet, and the styles within pictures that are saved
    "img-src": "data: blob:",
    "connect-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
"""What the page may do: it asks no network for anything, whatever is typed into it or stands in its address."""
_ESCAPED = re.compile("[<\u2028\u2029\ud800-\udfff]")
"""What begins a tag, ends a line of JavaScript, or is half a character."""


class PackedRun(NamedTuple):
    """A run as the page carries it."""

    description: dict[str, object]  # plain values
    weights: bytes
    source: bytes  # the SentencePiece model of the source
    target: bytes


def compose(title: str, runs: Sequence[PackedRun], text: str = "", worker: Path = FOLDER / "engine/worker.js") -> str:
    """The HTML of a page.

    Args:
        text: what stands in the box at first.
        worker: the module that answers the page's questions.
    """
    blocks: dict[bytes, str] = {}  # id by content: runs of one ablation share their tokenizers
    described = []
    for run in runs:
        ids = {part: blocks.setdefault(getattr(run, part), f"block-{len(blocks)}") for part in _PARTS}
        described.append({**run.description, "blocks": ids})
    script = script_text(join(FOLDER / "views/app.js"))
    page_data = data_text({"title": title, "text": text, "runs": described})
    parts = [
        f'<script type="application/json" id="page-data">{page_data}</script>',
        f'<script type="text/plain" id="worker">{script_text(join(worker))}</script>',
        *(f'<script type="text/plain" id="{name}">{packed(content)}</script>' for content, name in blocks.items()),
    ]
    policy = "; ".join(f"{name} {allowed}" for name, allowed in _POLICY.items()).format(script=checksum(script))
    return Template((FOLDER / "page.html").read_text(encoding="utf-8")).substitute(
        policy=policy,
        version=html.escape(__version__),
        title=html.escape(visible_line(title)),
        style=(FOLDER / "page.css").read_text(encoding="utf-8"),
        blocks="\n".join(parts),
        script=script,
    )


def data_text(value: object) -> str:
    """JSON that may stand between script tags: no tag or comment begins in it, and a file can hold it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def checksum(text: str) -> str:
    """By which a content security policy allows a script or a style: of its text as a browser reads it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def script_text(script: str) -> str:
    """A script that may stand between script tags: in its strings and comments no tag or comment of HTML begins."""
    return re.sub(r"<(?=/?script|!--)", r"\\x3c", script, flags=re.IGNORECASE)


def packed(content: bytes) -> str:
    """Bytes as `engine/unpack.js` reads them."""
    return base64.b64encode(zlib.compress(content, 9)).decode("ascii")
