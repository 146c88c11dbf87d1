"""Text of other people where it is shown: what would steer a terminal or turn a line around is written as its code."""

from __future__ import annotations

import re

# Controls but for line ends and tabs; line separators; embeddings, overrides and isolates of direction; surrogates.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def visible(text: str) -> str:
    r"""Write such characters as their codes, for instance `\x1b` or `\u202e`, and leave the rest of the text alone."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def visible_line(text: str) -> str:
    """The same on one line."""
    return visible(" ".join(text.split()))
