"""Language codes: their form, and the one that the name of a file ends in."""

from __future__ import annotations

import re
from pathlib import Path

ENDINGS_WITHOUT_LANGUAGE = {"txt", "tsv", "csv", "src", "tgt", "trg", "ref", "raw", "tok", "bpe", "out", "dat"}


def is_language_code(text: str) -> bool:
    """Whether a text has the form of a language code: two or three letters, with script and region or without."""
    return re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", text) is not None


def language_of(path: str | None) -> str | None:
    """The language code that a file name ends in, as in `train.en.gz`."""
    ending = Path((path or "").removesuffix(".gz")).suffix.removeprefix(".")
    return ending if re.fullmatch("[a-z]{2,3}", ending) and ending not in ENDINGS_WITHOUT_LANGUAGE else None
