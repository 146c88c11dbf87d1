"""Which languages a corpus has, and what is said of them."""

import datasets
import pytest
from data.corpus_files import PAIRS, load, parallel, table, write

from mtlite.data.language_choice import warn_of_words
from mtlite.errors import UsageError
from mtlite.evaluation.metrics import tokenizer_name

pytestmark = pytest.mark.usefixtures("cache")
THAI, CHINESE, JAPANESE = "ฉันชอบแมวมาก", "我非常喜欢猫", "私は猫がとても好きです"


@pytest.mark.parametrize("language", ["klingon", "d", "de-", "??"])
def test_what_has_not_the_form_of_a_language_code_is_noted(tmp_path, language):
    corpus = load(tmp_path, **parallel(tmp_path, PAIRS), source_language="en", target_language=language)
    assert corpus.target_language == language
    assert corpus.notes[0].startswith(f"data.target_language {language} is not of the form of a language code, such as")


@pytest.mark.parametrize(("language", "meant"), [("jp", "ja"), ("cn", "zh"), ("cz", "cs"), ("Korean", "ko")])
@pytest.mark.parametrize("side", ["source", "target"])
def test_what_is_clearly_meant_is_asked_for(tmp_path, side, language, meant):
    with pytest.raises(
        UsageError, match=rf"data\.{side}_language: {language} .*{meant}\?.*data\.{side}_column {language}"
    ):
        load(tmp_path, **parallel(tmp_path, PAIRS), **{f"{side}_language": language})


def test_kanuri_is_not_korean(tmp_path):
    corpus = load(tmp_path, **parallel(tmp_path, PAIRS), target_language="kr")
    assert "data.target_language: kr is Kanuri; Korean is ko." in corpus.notes


@pytest.mark.parametrize("language", ["xx", "foo"])
def test_what_has_the_form_of_a_code_only_is_noted(tmp_path, language):
    (_, note) = load(tmp_path, **parallel(tmp_path, PAIRS), target_language=language).notes
    assert note.startswith(f"data.target_language {language} is not known as a language code")


def plain(folder, pairs):
    """Files whose names say no language."""
    sides = {"source": 0, "target": 1}
    return {
        name: write(folder / f"{name}.txt", "".join(pair[side] + "\n" for pair in pairs))
        for name, side in sides.items()
    }


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [(THAI, "und-Thai", "char"), (CHINESE, "und-Hani", "zh"), (JAPANESE, "und-Jpan", tokenizer_name("ja"))],
)
def test_an_unknown_language_without_spaces_is_known_by_its_script(tmp_path, text, language, words):
    corpus = load(tmp_path, **plain(tmp_path, [(text, "cats")] * 3))
    assert (corpus.source_language, corpus.target_language) == (language, None)
    (note,) = corpus.notes
    assert language.removeprefix("und-") in note
    assert words in note
    assert "data.source_language" in note
    assert tokenizer_name(language) == words


def test_a_language_with_spaces_beside_a_text_without_is_noted(tmp_path):
    corpus = load(tmp_path, **plain(tmp_path, [("cats", THAI)] * 3), source_language="en", target_language="de")
    assert corpus.target_language == "de"
    (note,) = corpus.notes
    assert "data.target_language de" in note
    assert "de-Thai" in note


@pytest.mark.parametrize(("text", "language"), [(THAI, "tha"), (CHINESE, "cmn"), (JAPANESE, "jpn"), ("cats", "th")])
def test_where_language_and_script_agree_nothing_is_said(tmp_path, text, language):
    assert (
        load(tmp_path, **plain(tmp_path, [("cats", text)]), source_language="en", target_language=language).notes == ()
    )


def test_the_ending_jp_is_no_language_and_the_script_tells(tmp_path):
    target = write(tmp_path / "train.jp", f"{JAPANESE}\n")
    corpus = load(tmp_path, source=write(tmp_path / "train.en", "cats\n"), target=target)
    assert corpus.target_language == "und-Jpan"
    assert any("train.jp" in note and "data.target_language ja?" in note for note in corpus.notes)


def test_whole_words_of_a_script_without_spaces_are_warned_of():
    assert warn_of_words(datasets.Dataset(table([("a cat", "eine Katze")]))) == []
    (warning,) = warn_of_words(datasets.Dataset(table([("a cat", THAI)])))
    assert "tokenizer.kind word" in warning
    assert "the target" in warning
    assert "unigram" in warning
