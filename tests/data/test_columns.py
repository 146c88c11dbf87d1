"""Which columns hold the sentences."""

import pytest

from mtlite.config.options import DataConfig
from mtlite.data.columns import Columns, Side
from mtlite.errors import UsageError


def columns(source: str | int | None = None, target: str | int | None = None, languages=(None, None)) -> Columns:
    return Columns.of(DataConfig(source_column=source, target_column=target), *languages)


@pytest.mark.parametrize(
    ("wanted", "available", "chosen"),
    [
        (columns(), ["id", "target", "source"], ("source", "target")),
        (columns(), ["SOURCE", " Target "], ("SOURCE", " Target ")),
        (columns("en", "target", ("de", None)), ["de", "en", "target"], ("en", "target")),
        (columns("Source Text", "b"), ["source text", "b"], ("source text", "b")),
        (columns(languages=("de", "en")), ["en", "de", "source", "target"], ("de", "en")),
        (columns(languages=("deu", "eng")), ["en", "de"], ("de", "en")),
        (columns(languages=("zh", "en")), ["eng_Latn", "zho_Hans"], ("zho_Hans", "eng_Latn")),
        (columns(languages=("zh-TW", "en")), ["zh-CN", "zh-TW", "en"], ("zh-TW", "en")),
        (columns(languages=("es", "en")), ["English", "Español"], ("Español", "English")),
        (columns(languages=("fr", "en")), ["source", "en"], ("source", "en")),
        (columns(languages=("ja", "zho")), ["cn", "jp"], ("jp", "cn")),
        (columns(languages=("en", "de")), ["EN", "en", "de"], ("en", "de")),
    ],
)
def test_columns_are_chosen_by_name_then_language_then_side(wanted, available, chosen):
    assert wanted.choose(available, "a.jsonl") == chosen


@pytest.mark.parametrize(
    ("wanted", "available", "message"),
    [
        (columns("quelle"), ["source", "target"], "no column quelle for the source; available: source, target"),
        (columns("quelle"), ["de", "en\rnine"], r"available: de, 'en\\rnine'"),
        (columns(languages=("de", "en")), ["fr", "en"], r"no column de or source .* data\.source_language"),
        (columns("2", "1"), ["source", "target"], "no column 2"),
        (columns("target"), ["source", "target"], "both in column target"),
        (columns(), ["source", "target", "target"], "more than one column target"),
        (columns(languages=("zh", "en")), ["zh-CN", "zh-TW", "en"], r"zh-CN or zh-TW; give data\.source_column"),
        (columns(), ["src", "tgt"], "no column source"),
    ],
)
def test_columns_that_are_not_there_or_not_clear(wanted, available, message):
    with pytest.raises(UsageError, match=message):
        wanted.choose(available, "a.jsonl")


@pytest.mark.parametrize(
    ("wanted", "names", "places"),
    [
        (columns(), ["English", "German", "Attribution"], (0, 1)),
        (columns(), ["id", "source", "target"], (1, 2)),
        (columns(), ["tgt", "src"], (1, 0)),
        (columns(), ["sentence", "translation"], (0, 1)),
        (columns(languages=("en", None)), ["German", "English"], (1, 0)),
        (columns(2, "1"), ["English", "German"], (1, 0)),
        (columns("German", "1"), ["English", "German"], (1, 0)),
    ],
)
def test_places_in_a_first_row(wanted, names, places):
    assert wanted.choose_in_header(names, "a.tsv", "") == places


@pytest.mark.parametrize(
    ("wanted", "names", "message"),
    [
        (columns(3, 1), ["English", "German"], r"data\.source_column: expected a column from 1 to 2, received 3"),
        (columns(0, 1), ["English", "German"], "received 0"),
        (columns(1, 1), ["English", "German"], "both in column English"),
        (columns(), ["English", "German", "French"], "no column source.* or else"),
        (columns(), ["Frage", "Antwort"], "available: Frage, Antwort.* or else"),
    ],
)
def test_first_rows_that_do_not_tell(wanted, names, message):
    with pytest.raises(UsageError, match=message):
        wanted.choose_in_header(names, "a.tsv", ", or else")


@pytest.mark.parametrize(
    ("cells", "is_header"),
    [
        (["en", "de"], True),
        (["English", "Español"], True),
        (["en", "cn"], True),
        (["JP", "EN"], True),
        (["source", "target"], True),
        (["id", "EN", "DE", "score"], True),
        (["Source Sentence", "Target Sentence"], True),
        (["en", "en"], False),
        (["en", "Haus"], False),
        (["It", "Es"], False),
        (["NA", "nan"], False),
        (["Go.", "Ve."], False),
        (["", ""], False),
    ],
)
def test_what_is_a_header(cells, is_header):
    assert columns().is_header(cells) == is_header


def test_names_that_are_asked_for_make_a_header():
    wanted = Columns(Side("source", asked="Frage"), Side("target", asked="2"))
    assert wanted.is_header(["frage", "Antwort"])
    assert not wanted.is_header(["English", "German"])
