"""Files of rows as they are downloaded."""

from typing import Any

import pytest
from data.corpus_files import write

from mtlite.data.columns import Columns, Side
from mtlite.data.layout import Layout, csv_layout, read_rows, tab_layout
from mtlite.errors import DataError, UsageError

CATS = [("A cat.", "Eine Katze."), ("A dog.", "Ein Hund.")]
ATTRIBUTION = "CC-BY 2.0 (France) Attribution: tatoeba.org #2877272 (CM) & #8597805 (Roujin)"


def asked(source: Any = None, target: Any = None, languages=(None, None), header=None) -> Columns:
    return Columns(Side("source", source, languages[0]), Side("target", target, languages[1]), header)


def lines(*rows: str, end: str = "\n") -> str:
    return "".join(row + end for row in rows)


def read(folder, name: str, content: str | bytes, columns: Columns) -> tuple[list[tuple[str, str]], Layout]:
    path = write(folder / name, content)
    layout = (csv_layout if ".csv" in name else tab_layout)(path, columns)
    assert layout is not None
    return list(read_rows(path, layout)), layout


ROWS = [f"{source}\t{target}" for source, target in CATS]


@pytest.mark.parametrize("name", ["cats.tsv", "cats.txt.gz"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("blank", ["", "\r\n \n\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (ROWS, asked()),
        ([f"{row}\t{ATTRIBUTION}" for row in ROWS], asked()),
        ([f"{ROWS[0]}\t{ATTRIBUTION}", ROWS[1]], asked()),
        ([ROWS[0], f"{ROWS[1]}\t{ATTRIBUTION}"], asked()),
        ([f"{row}\t" for row in ROWS], asked()),
        (["English\tGerman", *ROWS], asked()),
        (["en\tde", *ROWS], asked()),
        (["en\tde", *ROWS], asked(languages=("eng", "deu"))),
        (["source\ttarget", *ROWS], asked()),
        (["en\tde\tsource", *[f"{row}\ttatoeba" for row in ROWS]], asked(languages=("en", "de"))),
        (['"en"\t"de"', *['"' + row.replace("\t", '"\t"') + '"' for row in ROWS]], asked()),
        (["Vorn\tHinten", *ROWS], asked(header=True)),
        (["Vorn\tHinten", *ROWS], asked("Vorn", "Hinten")),
        ([f"17\t{source}\t4\t{target}" for source, target in CATS], asked()),
        ([f"{target}\t{source}\tin_distribution" for source, target in CATS], asked("2", "1")),
        ([f"{target}\t{source}" for source, target in CATS], asked("2")),
        (["#separator:tab", "#html:false", *ROWS], asked()),
        (["#separator:tab", "#tags column:1", *[f"pets\t{row}" for row in ROWS]], asked()),
    ],
)
def test_forms_of_lines_with_tabs(tmp_path, name, end, blank, mark, rows, columns):
    assert read(tmp_path, name, mark + lines(*rows, end=end) + blank, columns)[0] == CATS


def test_a_first_row_that_is_a_pair_may_be_said_to_be_one(tmp_path):
    content = lines("en\tde", *ROWS)
    assert read(tmp_path, "a.tsv", content, asked(header=False))[0] == [("en", "de"), *CATS]
    assert read(tmp_path, "a.tsv", content, asked("2", "1", header=False))[0][0] == ("de", "en")


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        (ROWS, asked(), []),
        ([f"{row}\t{ATTRIBUTION}" for row in ROWS], asked(), ["column 1", "column 2", "no sentences are in 3"]),
        (["en\tde", *ROWS], asked(languages=("de", "en")), ["first line is a header", "source is column 2 (de)"]),
        (["Vorn\tHinten", *ROWS], asked(header=True), ["first line is left out as a header"]),
        (["#separator:tab", *ROWS], asked(), ["1 lines of settings of Anki"]),
        (['"en"\t"de"', '"a"\t"b"'], asked(), ["quotation marks", "header"]),
        ([f"{row}\tx" for row in ROWS], asked("1", "2"), []),
    ],
)
def test_what_is_recognised_is_said_in_one_line(tmp_path, rows, columns, said):
    line = read(tmp_path, "a.tsv", lines(*rows), columns)[1].said
    assert [part for part in said if part not in line] == []
    assert bool(line) == bool(said)
    assert "\n" not in line


def test_a_text_file_is_said_to_have_columns(tmp_path):
    assert "tabs" in read(tmp_path, "a.txt", lines(*ROWS), asked())[1].said


def test_languages_are_those_of_the_header(tmp_path):
    assert read(tmp_path, "a.tsv", lines("English\tGerman", *ROWS), asked())[1].languages == ("en", "de")
    assert read(tmp_path, "a.csv", lines("zh-TW,source", "x,y"), asked("zh-TW", "source"))[1].languages == (
        *("zh-TW", None),
    )
    assert read(tmp_path, "a.tsv", lines(*ROWS), asked())[1].languages == (None, None)


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        (["a\tb\tc"], asked(), r"line 1: .* received 3 column.* data\.source_column and data\.target_column"),
        (["a\tb", "c\td\te"], asked(), "line 2: .* received 3 column"),
        ([f"a\tb\t{ATTRIBUTION}"] * 30 + ["a\tb\tc\tCC-BY"], asked(), "line 31: .* received 4 column"),
        (["1\ta\t2\tb", "3\tc\t4"], asked(), "line 2: expected 4 columns as in the first line, received 3"),
        (["a\tb\tc", "d\te"], asked("1", "3"), "line 2: expected 3 columns"),
        (["en\tde\tid", "a\tb"], asked(languages=("en", "de")), "line 2: expected 3 columns"),
        (["a b"], asked(), "line 1: .* received 1 column"),
        (["a\tb", "", "c\td"], asked(), "line 2: .* received 1 column"),
    ],
)
def test_rows_that_are_not_as_the_others(tmp_path, rows, columns, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, "a.txt", lines(*rows), columns)


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        (ROWS, asked("Vorn"), r"data\.source_column Vorn has no effect"),
        (ROWS, asked("Vorn", header=True), r"data\.source_column Vorn has no effect"),
        (ROWS, asked("1", "3"), r"data\.target_column: expected a column from 1 to 2, received 3"),
        (ROWS, asked("1", "1"), "both in column"),
        (["en\tde", *ROWS], asked(languages=("fr", "de")), "no column fr.*available: en, de.* header false"),
    ],
)
def test_columns_that_are_not_there(tmp_path, rows, columns, message):
    with pytest.raises(UsageError, match=message):
        read(tmp_path, "a.tsv", lines(*rows), columns)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("blank", ["", "\r\n\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (["source,target", "a,b", '"c, d",e'], asked()),
        (["source, target", "a, b", '"c, d", e'], asked()),
        (["Source ,TARGET", "a,b", '"c, d",e'], asked()),
        (['"source","target"', '"a","b"', '"c, d","e"'], asked()),
        ([",target,source", "0,b,a", '1,e,"c, d"'], asked()),
        (["English;German", "a;b", "c, d;e"], asked()),
        (["English; German", "a; b", '"c, d"; e'], asked(languages=("en", "de"))),
        (["sep=;", "source;target", "a;b", "c, d;e"], asked()),
        (["en|de", "a|b", "c, d|e"], asked()),
        (["en\tde", "a\tb", "c, d\te"], asked()),
        (["a;b", "c, d;e"], asked(header=False)),
        (["b,a", 'e,"c, d"'], asked("2", "1", header=False)),
        (["b,a,x", 'e,"c, d",y'], asked("2", "1", header=False)),
        (["Vorn,Hinten", "a,b", '"c, d",e'], asked("1", "2")),
        (["Vorn,Hinten", "a,b", '"c, d",e'], asked("vorn", "hinten")),
    ],
)
def test_forms_of_csv(tmp_path, end, blank, mark, rows, columns):
    content = (mark + lines(*rows, end=end) + blank).encode()
    assert read(tmp_path, "a.csv", content, columns)[0] == [("a", "b"), ("c, d", "e")]


@pytest.mark.parametrize(
    ("first", "columns", "said"),
    [
        ("source,target", asked(), []),
        ("source;target", asked(), ["semicolons", "column 1 (source)"]),
        ("English,German", asked(), ["column 1 (English)", "column 2 (German)"]),
        ("de,en", asked(languages=("en", "de")), []),
    ],
)
def test_what_is_recognised_in_csv_is_said(tmp_path, first, columns, said):
    line = read(tmp_path, "a.csv", lines(first, first), columns)[1].said
    assert [part for part in said if part not in line] == []
    assert bool(line) == bool(said)


@pytest.mark.parametrize(
    ("first", "columns", "message"),
    [
        ("Hello,Hallo", asked(), "available: Hello, Hallo.* header false"),
        ("Hello;Hallo", asked(), "available: Hello, Hallo.* header false"),
        ("source,target", asked("3", "1"), "expected a column from 1 to 2"),
        ("source,target", asked("Vorn", header=False), r"data\.source_column Vorn has no effect"),
    ],
)
def test_columns_of_csv_that_are_not_there(tmp_path, first, columns, message):
    with pytest.raises(UsageError, match=message):
        read(tmp_path, "a.csv", lines(first, "a,b"), columns)


@pytest.mark.parametrize("recognise", [tab_layout, csv_layout])
@pytest.mark.parametrize("content", ["", "\n", "\ufeff", "\r\n \n"])
def test_empty_files_have_no_layout(tmp_path, recognise, content):
    assert recognise(write(tmp_path / "a.tsv", content), asked()) is None
