"""Metrics that are set up for a language."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from mtlite.evaluation import metrics
from mtlite.evaluation.metrics import split_words, tokenizer_name
from mtlite.evaluation.scores import score


@pytest.mark.parametrize(
    ("language", "expected"),
    [(None, "13a"), ("de", "13a"), ("zh", "zh"), ("zh-TW", "zh"), ("ZH_Hans", "zh"), ("zha", "13a"), ("", "13a")],
)
def test_tokenizer_by_language(language, expected):
    assert tokenizer_name(language) == expected


@pytest.mark.parametrize("language", ["ja", "ko", "ja-JP"])
def test_mecab_only_if_installed(monkeypatch, language):
    monkeypatch.setattr(metrics, "find_spec", lambda package: None)
    assert tokenizer_name(language) == "char"
    monkeypatch.setattr(metrics, "find_spec", lambda package: package)
    assert tokenizer_name(language) == f"{language[:2]}-mecab"


@pytest.mark.parametrize("language", ["de", "zh", "ja", "ko"])
def test_signature_names_the_tokenizer(language):
    if language in metrics.MECAB_PACKAGES and find_spec(metrics.MECAB_PACKAGES[language][0]):
        pytest.skip("the version of MeCab is part of the signature")
    scores = score(["我爱你 你好 吗"], ["我爱他 你好 吗"], language, confidence=False)
    assert f"|case:mixed|eff:no|tok:{tokenizer_name(language)}|smooth:exp|" in scores.bleu.signature
    assert ("asian:yes" in scores.ter.signature) == (language in ("zh", "ja"))


def test_chinese_words_are_characters():
    assert split_words(["我爱你 you"], "zh") == [["我", "爱", "你", "you"]]
    assert score(["我爱你们大家"], ["我爱你们大家"], "zh").bleu.score == pytest.approx(100)
    assert score(["我爱你们大家"], ["我爱他们大家"], "zh", confidence=False).ter.score == pytest.approx(100 / 6)
