"""BLEU on the tokens of Moses in lower case: the convention of papers that score tokenised references.

It is no substitute for BLEU on raw text, which all other numbers here are: other tokens give other scores, and a
signature that says so. Tokenizer: sacremoses, a port of Moses' tokenizer.perl (Koehn et al. 2007).
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from sacrebleu.metrics.bleu import BLEU

from mtlite.errors import MtliteError
from mtlite.evaluation.metrics import check_lines
from mtlite.evaluation.references import References, as_streams, listed
from mtlite.evaluation.scores import MetricScore
from mtlite.languages import language_code


def require_sacremoses() -> None:
    """Raise MtliteError, with what to do, if the tokenizer is not installed."""
    if find_spec("sacremoses") is None:
        raise MtliteError('--moses: sacremoses is not installed: pip install sacremoses, or mtlite with "[moses]"')


def moses_bleu(
    hypotheses: Sequence[str],
    references: References,
    target_language: str | None,
    tokenized_references: References | None = None,
) -> MetricScore:
    """Score detokenised hypotheses; raise DataError if the lines do not fit each other.

    Args:
        references: raw lines, which are tokenised here.
        target_language: a code such as `de`, whose abbreviations the tokenizer knows.
        tokenized_references: the same lines by another's tokenizer, taken as they are.
    """
    import sacremoses

    language = language_code(target_language) or "en"
    tokenizer = sacremoses.MosesTokenizer(lang=language)

    def tokens(lines: Sequence[str]) -> list[str]:
        return [tokenizer.tokenize(line, escape=False, return_str=True) for line in lines]

    expected = list(map(tokens, listed(references))) if tokenized_references is None else listed(tokenized_references)
    check_lines(hypotheses, expected)
    metric = BLEU(tokenize="none", lowercase=True, force=True)
    score = metric.corpus_score(tokens(hypotheses), as_streams(expected)).score
    given = "" if tokenized_references is None else "-given-references"
    name = f"tok:moses-{language}-sacremoses-{sacremoses.__version__}{given}"
    return MetricScore(float(score), str(metric.get_signature()).replace("tok:none", name))
