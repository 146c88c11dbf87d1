"""A small report, with letters in it that mean something in each format."""

from __future__ import annotations

from mtlite.report.document import Block, Code, Folded, Heading, Paragraph, Picture, Table

ODD = "a <b> & | *c* [d](e) `f`"
BLOCKS: list[Block] = [
    Heading("Results", 1),
    Paragraph(ODD),
    Code("x: ```\n</code>"),
    Folded("More", [Table(["system", ODD], [[ODD, "1"], ["b", "22"]], "Numbers")]),
    Picture("p", b"<svg/>", ODD, "b & c"),
]
