import pytest

from mtlite.data.languages import is_language_code, language_of


@pytest.mark.parametrize("code", ["de", "deu", "DE", "pt-BR", "pt_BR", "zh-Hans", "zh-Hant-TW", "eng_Latn", "es-419"])
def test_language_codes(code):
    assert is_language_code(code)


@pytest.mark.parametrize("text", ["", "d", "klingon", "de-", "-de", "de-x y", "de\n", "12", "日本"])
def test_other_text(text):
    assert not is_language_code(text)


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("train.en", "en"),
        ("train.en.gz", "en"),
        ("a.b/train.deu", "deu"),
        ("train.txt", None),
        ("train.src.gz", None),
        ("train.EN", None),
        ("train", None),
        ("train.e1", None),
        ("en", None),
        (None, None),
    ],
)
def test_language_of_a_file_name(path, language):
    assert language_of(path) == language
