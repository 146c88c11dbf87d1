"""Codes of languages, by whatever standard they are written, and where they are found."""

import pytest

from mtlite.languages import (
    _LANGUAGES,
    is_known,
    is_language_code,
    language_code,
    language_of,
    language_of_column,
    meant_language,
    often_confused,
    same_language,
    script_of_language,
)


@pytest.mark.parametrize("code", ["de", "deu", "DE", "pt-BR", "pt_BR", "zh-Hans", "zh-Hant-TW", "eng_Latn", "es-419"])
def test_language_codes(code):
    assert is_language_code(code)
    assert is_known(code)


@pytest.mark.parametrize("text", ["", "d", "klingon", "de-", "-de", "de-x y", "de\n", "12", "日本"])
def test_other_text(text):
    assert not is_language_code(text)
    assert not is_known(text)
    assert language_code(text) == ""
    assert script_of_language(text) is None


@pytest.mark.parametrize(
    ("codes", "language"),
    [
        ("zh zho chi cmn zh-Hans zh-Hant zh-TW zh-CN zh_CN ZH zho_Hans cmn-Hant zh-cmn", "zh"),
        ("ja jpn JA ja-JP jpn_Jpan", "ja"),
        ("ko kor ko-KR kor_Hang", "ko"),
        ("de deu ger de-AT", "de"),
        ("my mya bur", "my"),
        ("bo bod tib", "bo"),
        ("fr fra fre", "fr"),
        ("ar arb ara", "ar"),
        ("he heb iw", "he"),
        ("no nor", "no"),
        ("bho", "bho"),
        ("und-Thai", "th"),
    ],
)
def test_every_code_of_one_language_is_that_language(codes, language):
    assert {language_code(code) for code in codes.split()} == {language}


@pytest.mark.parametrize("code", ["xx", "jp", "cn", "qq", "foo", "und", "xx-Thai"])
def test_codes_that_are_no_language(code):
    assert is_language_code(code)
    assert not is_known(code)


@pytest.mark.parametrize(
    ("code", "script"),
    {
        **{"zh": "Hans", "zh-TW": "Hant", "yue": "Hant", "zh-Latn": "Latn", "jpn": "Jpan", "kor": "Kore"},
        **{"tha": "Thai", "khm": "Khmr", "lo": "Laoo", "bur": "Mymr", "dz": "Tibt", "de": "Latn", "ru": "Cyrl"},
    }.items(),
)
def test_scripts(code, script):
    assert script_of_language(code) == script


@pytest.mark.parametrize(
    ("code", "meant"),
    [("jp", "ja"), ("cn", "zh"), ("JP", "ja"), ("jp-JP", "ja-JP"), ("cz", "cs"), ("dk", "da"), ("gr", "el")]
    + [("ua", "uk"), ("Japanese", "ja"), ("GERMAN", "de"), ("中文", "zh")]
    + [(code, None) for code in ("ja", "zh", "kr", "se", "no", "klingon", "xx", "qq", "??", "zho", "", "jpx")],
)
def test_what_is_meant_by_the_code_of_a_country_or_a_name(code, meant):
    assert meant_language(code) == meant


def test_right_codes_that_often_mean_another_language():
    assert often_confused("kr") == "kr is Kanuri; Korean is ko"
    assert [code for code in ("kr", "KR", "tw", "ee", "se", "kau", "ko", "de") if often_confused(code)] == [
        *("kr", "KR", "tw", "ee", "se")
    ]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("zh", "zho", True),
        ("zh", "zh-TW", True),
        ("zh-CN", "zh-TW", False),
        ("sr-Latn", "sr-Cyrl", False),
        ("sr", "sr-Cyrl", True),
        ("de", "en", False),
        ("xx", "xx", False),
    ],
)
def test_same_language(first, second, same):
    assert same_language(first, second) == same_language(second, first) == same


@pytest.mark.parametrize(
    ("column", "language"),
    [("en", "en"), ("EN", "EN"), (" de ", "de"), ("zh-CN", "zh-CN"), ("eng_Latn", "eng_Latn"), ("English", "en")]
    + [
        ("español", "es"),
        ("deutsch", "de"),
        ("日本語", "ja"),
        ("CHINESE", "zh"),
        ("Norwegian", "no"),
        ("jp", "ja"),
        ("CN", "zh"),
    ]
    + [
        (each, None)
        for each in ("It", "Go", "So", "Hi.", "source", "text", "src", "score", "", "Jp", "xx", "English text", "na")
    ],
)
def test_names_of_columns(column, language):
    assert language_of_column(column) == language


def test_every_name_has_a_code():
    assert [code for code in _LANGUAGES.values() if not is_known(code)] == []


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("train.en", "en"),
        ("train.en.gz", "en"),
        ("a.b/train.deu", "deu"),
        ("train.zh-CN", "zh-CN"),
        ("train.pt_BR.gz", "pt_BR"),
        ("train.zho_Hans", "zho_Hans"),
        ("train.de.txt", "de"),
        ("train.tok.cmn", "cmn"),
        ("train.en.tok.gz", "en"),
        ("eng_Latn.dev", "eng_Latn"),
        ("flores/npi_Deva.devtest", "npi_Deva"),
        ("train.txt", None),
        ("train.src.gz", None),
        ("train.EN", None),
        ("train", None),
        ("train.e1", None),
        ("train.jp", None),
        ("train.foo", None),
        ("dir.en/train", None),
        ("en", None),
        ("en.txt", None),
        (None, None),
    ],
)
def test_language_of_a_file_name(path, language):
    assert language_of(path) == language
