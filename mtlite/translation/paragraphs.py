"""A text as sentences and what stands between them: a model translates one sentence at a time, as it was trained.

The rules are those of `page/views/sentences.js`, so that the page and a server part a text alike; a test compares them.
They differ in rare characters: a carriage return alone ends a line here, and both languages have their own white space
and digits. Every pattern takes a time that grows with the text alone, whoever wrote it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

_LINE_END = re.compile(r"\r?\n|\r")
# Marks that end a sentence where white space follows, with quotes and brackets that close after them. A run of marks is
# looked at once, from its first one.
_END = re.compile(
    r"""(?<![.!?…؟۔।॥։])[.!?…؟۔।॥։]++["'”’»›)\]]*+(?=\s)"""
    r"""|[。！？｡]++["'”’」』）]*+"""
)
# What a full stop follows without an end: titles, and abbreviations of several letters with stops between them.
_ABBREVIATION = re.compile(
    r"""(?:^|[\s("'„“«])"""
    r"""(?:(?:[^\W\d_]\.\s?)*[^\W\d_]|Mr|Mrs|Ms|Dr|Prof|St|Nr|No|vs|etc|bzw|ca|vgl|Hr|Fr|Mme|M|cf|e\.g|i\.e)\.\Z"""
)
_NUMBER = re.compile(r"(?:^|\s)\d{1,3}\.\Z")  # 3. Mai, a numbered list
_BEFORE_LETTER = re.compile(r"""\s*["'„“«(]*""")
_LOOK_BACK = 40  # characters in which an abbreviation is looked for


class SplitText(NamedTuple):
    """A text, parted."""

    sentences: list[str]  # without white space around them
    between: list[str]  # what stands before, between and after them, line ends too: one more than there are sentences

    def joined(self, sentences: Sequence[str], space: str = "") -> str:
        """The text with other sentences in their places; `space` parts two that nothing parted."""
        before, *after = self.between
        after = [each or space for each in after[:-1]] + after[-1:]
        return before + "".join(chain.from_iterable(zip(sentences, after, strict=True)))


def split_text(text: str) -> SplitText:
    """Part a text; `split_text(text).joined(split_text(text).sentences)` is the text again."""
    sentences, between, done = [], [], 0
    for start, end in _sentences(text):
        between.append(text[done:start])
        sentences.append(text[start:end])
        done = end
    return SplitText(sentences, [*between, text[done:]])


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence begins and ends."""
    start = 0
    for line_end in _LINE_END.finditer(text):
        yield from _sentences_of_line(text, start, line_end.start())
        start = line_end.end()
    yield from _sentences_of_line(text, start, len(text))


def _sentences_of_line(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    for end in [*(match.end() for match in _END.finditer(text, start, stop)), stop]:
        if end < stop and not _is_end(text, start, end, stop):
            continue
        part = text[start:end]
        if sentence := part.strip():
            begin = start + len(part) - len(part.lstrip())
            yield begin, begin + len(sentence)
        start = end


def _is_end(text: str, start: int, end: int, stop: int) -> bool:
    """Whether the sentence that began at `start` is over after a mark that ends at `end`."""
    found = _BEFORE_LETTER.match(text, end, stop)
    following = found.end() if found else end
    if following < stop and unicodedata.category(text[following]) == "Ll":
        return False
    tail = text[max(start, end - _LOOK_BACK) : end]
    first = 0 if start >= end - _LOOK_BACK else 1  # a cut is not the beginning of a sentence
    return not (_ABBREVIATION.search(tail, first) or _NUMBER.search(tail, first))
