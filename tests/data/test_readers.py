import json
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data.corpus_files import COLUMNS, PAIRS, load, parallel, parquet_bytes, write, write_pairs
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlite.config.options import CorpusConfig
from mtlite.data.cache import pairs_of
from mtlite.data.readers import PAIR_READERS, read_csv, read_jsonl, read_parallel_text, read_parquet, read_tabs
from mtlite.errors import DataError, UsageError

pytestmark = pytest.mark.usefixtures("cache")


def test_unquoted_carriage_returns_in_csv(tmp_path):
    path = write(tmp_path / "a.csv", 'source,target\r\na\rb,c\r\r\n"d\re","f\r\ng"\r\nh,i\r')
    assert list(read_csv(path, COLUMNS)) == [("a\rb", "c\r"), ("d\re", "f\r\ng"), ("h", "i")]


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


sentences = text.map(lambda value: value.replace("\n", " ").replace("\t", " ").rstrip("\r").lstrip("\ufeff"))


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.lists(st.tuples(sentences, sentences), min_size=1))
def test_any_sentences_survive_every_format(tmp_path_factory, pairs):
    folder = tmp_path_factory.getbasetemp()
    assert list(read_parallel_text(**parallel(folder, pairs))) == pairs
    for kind, read in (("tsv", read_tabs), ("csv", read_csv), ("jsonl", read_jsonl), ("parquet", read_parquet)):
        assert list(read(write_pairs(folder, kind, pairs)["pairs"], COLUMNS)) == pairs, kind


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.lists(st.tuples(text, text), min_size=1))
def test_formats_with_quoting_keep_line_ends_too(tmp_path_factory, pairs):
    folder = tmp_path_factory.getbasetemp()
    for kind, read in (("csv", read_csv), ("jsonl", read_jsonl), ("nested parquet", read_parquet)):
        assert list(read(write_pairs(folder, kind, pairs)["pairs"], COLUMNS)) == pairs, kind


def test_different_lengths_name_both_counts(tmp_path):
    source = write(tmp_path / "a.de", "1\n2\n3\n")
    target = write(tmp_path / "a.en", "1\n2\n3\n4\n5\n")
    for first, second, counts in ((source, target, "has 3 lines.*has 5"), (target, source, "has 5 lines.*has 3")):
        with pytest.raises(DataError, match=counts):
            list(read_parallel_text(first, second))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", "a\tb\nc\n", r"a\.tsv, line 2: expected source, tab, target; received 1 column"),
        ("a.tsv", "a\tb\tc\n", "line 1: .* received 3 column"),
        ("a.csv", "source,target\na,b,c\n", "line 2: expected 2 columns as in the first line, received 3"),
        ("a.csv", "source,target\na,b\n\nc,d\n", "line 3: expected 2 columns as in the first line, received 0"),
        ("a.csv", 'source,target\n"a,b\n', "line 2: not a row of values parted by commas"),
        ("a.csv", 'source,target\n"a"b,c\n', "line 2: not a row of values parted by commas"),
        ("a.csv", 'source,target\n"' + "a\n" * 600_000 + '",b\n', "not a row of values parted by commas: field larger"),
        ("a.jsonl", '{"source": "a", "target": "b"}\n\n{}', "line 2: not JSON"),
        ("a.json", '[{"source": "a", "target": "b"}]\n', "line 1: expected an object .* of an array, jq"),
        ("a.json", '[\n {"source": "a", "target": "b"}\n]\n', "line 1: not JSON.* of an array, jq"),
        (
            "a.jsonl",
            '{"source": "a", "target": 7}\n',
            "line 1: expected a string as 'target', received a value of type int",
        ),
        ("a.jsonl", '{"source": "a", "target": "b"}\n{"source": "a"}\n', "line 2: expected a string as 'target'"),
        ("a.jsonl", '["a", "b"]\n', "line 1: expected an object"),
        ("a.jsonl", '{"source": "\\ud800", "target": "b"}\n', "lone surrogate"),
        ("a.jsonl", '{"source": "a", "target": ' + "[" * 200_000 + "\n", "line 1: not JSON"),
        ("a.jsonl", '{"source": "a", "target": ' + "9" * 5000 + "}\n", "line 1: not JSON"),
        ("a.parquet", b"PAR1 no", "not a readable Parquet file"),
        ("a.parquet", b"", "not a readable Parquet file"),
        ("a.parquet", parquet_bytes([("a", 1)]), "column target: expected strings, received int64"),
        ("a.parquet", parquet_bytes([("a", "b" * 2_000_000)]), "longer than 1,048,576 bytes"),
    ],
)
def test_files_that_cannot_be_read_as_they_are(tmp_path, name, content, message):
    path = write(tmp_path / name, content)
    with pytest.raises(DataError, match=message):
        list(PAIR_READERS[Path(name).suffix](path, COLUMNS))


def test_parquet_with_invalid_utf8(tmp_path):
    invalid = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(np.array([0, 1], dtype=np.int32)), pa.py_buffer(b"\xff")]
    )
    pq.write_table(pa.table({"source": invalid, "target": ["b"]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="UTF8"):
        list(read_parquet(str(tmp_path / "a.parquet"), COLUMNS))


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"source_language": "de", "target_language": "en"}, ("d", "e")),
        ({"source_language": "fr", "target_language": "en"}, ("s", "e")),
        ({}, ("s", "t")),
        ({"source_column": "en", "target_column": "target", "source_language": "de"}, ("e", "t")),
    ],
)
def test_columns_by_name_then_language_then_side(tmp_path, options, found):
    row = {"de": "d", "en": "e", "source": "s", "target": "t", "id": "1"}
    path = write(tmp_path / "a.jsonl", json.dumps(row) + "\n")
    saved = tmp_path / "saved"
    datasets.Dataset.from_list([row]).save_to_disk(saved)
    for pairs in (path, str(saved)):
        assert list(pairs_of(load(tmp_path, pairs=pairs, **options).train)) == [found]


@pytest.mark.parametrize(
    "kind", ["csv", "jsonl", "nested jsonl", "parquet", "nested parquet", "folder", "nested folder"]
)
def test_unknown_columns_name_the_available_ones(tmp_path, kind):
    where = write_pairs(tmp_path, kind, PAIRS)
    with pytest.raises(UsageError, match="no column quelle for the source; available: source, target"):
        load(tmp_path, **where, source_column="quelle")
    with pytest.raises(UsageError, match="both in column target"):
        load(tmp_path, **where, source_column="target")


def test_repeated_column_names(tmp_path):
    with pytest.raises(UsageError, match="more than one column target"):
        load(tmp_path, pairs=write(tmp_path / "a.csv", "source,target,target\na,b,c\n"))


SENTENCES = ["eins", "zwei", None, "eins"]
STRINGS = {
    "string": pa.array(SENTENCES),
    "large_string": pa.array(SENTENCES, pa.large_string()),
    "string_view": pa.array(SENTENCES, pa.string_view()),
    "dictionary": pa.array(SENTENCES).dictionary_encode(),
    "dictionary of large_string": pa.array(SENTENCES, pa.large_string()).dictionary_encode(),
}


@pytest.mark.parametrize("kind", STRINGS)
def test_parquet_with_any_kind_of_string(tmp_path, kind):
    pq.write_table(pa.table({"source": STRINGS[kind], "target": list("abcd")}), tmp_path / "a.parquet")
    expected = list(zip(SENTENCES, "abcd", strict=True))
    assert list(read_parquet(str(tmp_path / "a.parquet"), COLUMNS)) == expected
    assert list(pairs_of(load(tmp_path, pairs=str(tmp_path / "a.parquet")).train)) == [*expected[:2], expected[3]]


@pytest.mark.parametrize("kind", STRINGS)
@pytest.mark.parametrize("nested", [False, True])
def test_a_saved_folder_with_any_kind_of_string(tmp_path, kind, nested):
    table = pa.table({"source": STRINGS[kind], "target": list("abcd")})
    if nested:
        table = pa.table({"translation": table.to_struct_array()})
    datasets.Dataset(table).save_to_disk(tmp_path / "saved")
    corpus = load(tmp_path, pairs=str(tmp_path / "saved"))
    assert list(pairs_of(corpus.train)) == [("eins", "a"), ("zwei", "b"), ("eins", "d")]
    assert corpus.notes[-1].startswith("1 of 4 pairs of data.train were left out")
    parts = [CorpusConfig(pairs=str(tmp_path / "saved")), CorpusConfig(**parallel(tmp_path, [("x", "y")]))]
    assert len(load(tmp_path, train=parts).train) == 4


def test_a_null_is_not_an_empty_sentence(tmp_path):
    for name, last in (("null", None), ("empty", "")):
        datasets.Dataset(pa.table({"source": ["a", "c"], "target": ["b", last]})).save_to_disk(tmp_path / name)
    held_out = [load(tmp_path, pairs=str(tmp_path / name)).train for name in ("null", "empty", "null")]
    assert [list(pairs_of(each)) for each in held_out] == [[("a", "b")], [("a", "b"), ("c", "")], [("a", "b")]]


def test_jsonl_as_hugging_face_writes_it(tmp_path):
    translations = [{"en": "a", "de": "b"}, {"en": "c", "de": None}, {"en": "d", "de": "e"}]
    rows = [{"id": str(number), "translation": each} for number, each in enumerate(translations)]
    datasets.Dataset.from_list(rows).to_json(tmp_path / "a.json")
    corpus = load(tmp_path, pairs=str(tmp_path / "a.json"), source_language="eng", target_language="deu")
    assert list(pairs_of(corpus.train)) == [("a", "b"), ("d", "e")]
    assert corpus.notes == ("1 of 3 pairs of data.train were left out: a side is missing (null).",)


@pytest.mark.parametrize("longer", ["source", "target"])
@pytest.mark.parametrize("blank", ["\n", "\r\n", " \n\n", "\n "])
def test_one_side_may_end_in_blank_lines(tmp_path, longer, blank):
    paths = parallel(tmp_path, [("a", "b"), ("", ""), ("c", "d")])
    Path(paths[longer]).write_bytes(Path(paths[longer]).read_bytes() + blank.encode())
    assert list(read_parallel_text(**paths)) == [("a", "b"), ("", ""), ("c", "d")]
    Path(paths[longer]).write_bytes(Path(paths[longer]).read_bytes() + b"\nx\n")
    with pytest.raises(DataError, match=r"has 3( lines|;)"):
        list(read_parallel_text(**paths))


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "zstd"},  # one sentence in a dictionary, two thousand times
        {"compression": "zstd", "use_dictionary": False, "row_group_size": 20},
        {"compression": "gzip", "use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"},
    ],
)
def test_a_parquet_file_that_expands_to_gigabytes(tmp_path, options):
    rows = 2000 if len(options) == 1 else 60
    table = pa.table({"source": ["a" * 1_000_000] * rows, "target": ["b"] * rows})
    pq.write_table(table, tmp_path / "a.parquet", **options)
    peak = pa.default_memory_pool().max_memory()
    with pytest.raises(DataError, match=r"expands more than|a page of .* expected at most"):
        list(read_parquet(str(tmp_path / "a.parquet"), COLUMNS))
    assert pa.default_memory_pool().max_memory() - peak < 1 << 29


def test_a_parquet_file_of_endlessly_many_empty_rows(tmp_path):
    rows = 6_000_000
    pq.write_table(pa.table({"source": pa.repeat("", rows), "target": pa.repeat("", rows)}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="expands more than"):
        sum(1 for _ in read_parquet(str(tmp_path / "a.parquet"), COLUMNS))


def test_a_bad_string_is_found_after_the_rows_before_it(tmp_path, monkeypatch):
    monkeypatch.setattr("mtlite.data.readers._BATCH_SIZE", 2)
    good, bad = pa.array(["a"] * 5), pa.array([b"a"] * 4 + [b"\xff"]).cast(pa.binary())
    bad = pa.Array.from_buffers(pa.string(), 5, bad.buffers())
    path = str(tmp_path / "a.parquet")
    pq.write_table(pa.table({"source": good, "target": bad}), path)
    with pytest.raises(DataError, match=r"a\.parquet, column target, after row 4: "):
        list(read_parquet(path, COLUMNS))
