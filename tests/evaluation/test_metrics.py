"""Metrics that are set up for a language."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from mtlite.evaluation import metrics
from mtlite.evaluation.metrics import split_words, tokenizer_name
from mtlite.evaluation.scores import score
from mtlite.languages import language_code


@pytest.mark.parametrize(
    ("language", "expected"),
    [(None, "13a"), ("de", "13a"), ("zha", "13a"), ("", "13a"), ("jp", "13a"), ("zh-Latn", "13a"), ("und-Hani", "zh")]
    + [(code, "zh") for code in ("zh", "zh-TW", "ZH_Hans", "zho", "chi", "cmn", "yue", "wuu", "lzh", "zho_Hant")]
    + [(code, "char") for code in ("th", "tha", "km", "khm", "lo", "lao", "my", "mya", "bur", "bo", "bod", "dz", "shn")]
    + [("und-Thai", "char"), ("ryu", "char"), ("pi-Thai", "char"), ("ja-Latn", "13a"), ("vi", "13a")],
)
def test_tokenizer_by_language(language, expected):
    assert tokenizer_name(language) == expected


@pytest.mark.parametrize("language", ["ja", "ko", "ja-JP", "jpn", "kor", "ko_KR", "jpn_Jpan", "kor_Hang"])
def test_mecab_only_if_installed(monkeypatch, language):
    monkeypatch.setattr(metrics, "find_spec", lambda package: None)
    assert tokenizer_name(language) == "char"
    monkeypatch.setattr(metrics, "find_spec", lambda package: package)
    assert tokenizer_name(language) == f"{language_code(language)}-mecab"


@pytest.mark.parametrize("language", ["de", "zh", "ja", "ko", "th", "my"])
def test_signature_names_the_tokenizer(language):
    if language in metrics.MECAB_PACKAGES and find_spec(metrics.MECAB_PACKAGES[language][0]):
        pytest.skip("the version of MeCab is part of the signature")
    scores = score(["我爱你 你好 吗"], ["我爱他 你好 吗"], language, confidence=False)
    assert f"|case:mixed|eff:no|tok:{tokenizer_name(language)}|smooth:exp|" in scores.bleu.signature
    assert ("asian:yes" in scores.by_metric["ter"].signature) == (language in ("zh", "ja"))
    assert ("|tok:char|" in scores.by_metric["ter"].signature) == (language in ("th", "my"))


def test_chinese_words_are_characters():
    assert split_words(["我爱你 you"], "zh") == [["我", "爱", "你", "you"]]
    assert score(["我爱你们大家"], ["我爱你们大家"], "zh").bleu.score == pytest.approx(100)
    one_wrong = score(["我爱你们大家"], ["我爱他们大家"], "zh", confidence=False)
    assert one_wrong.by_metric["ter"].score == pytest.approx(100 / 6)


@pytest.mark.parametrize(("language", "right", "wrong"), [("th", "แมว กิน ปลา", "แมว กิน ยา"), ("km", "ឆ្មា", "ឆ្មីា")])
def test_a_script_without_spaces_is_scored_by_characters(language, right, wrong):
    scores = score([wrong], [right.replace(" ", "")], language, confidence=False)
    characters = len(right.replace(" ", ""))
    edits = {"th": 2, "km": 1}[language]
    assert scores.by_metric["ter"].score == pytest.approx(100 * edits / characters)
    assert scores.bleu.score > 0
    assert split_words([right], language) == [[*right.replace(" ", "")]]
