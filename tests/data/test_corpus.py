import csv
import gzip
import io
import itertools
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fuzz_readers import fuzz
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlite.config.options import CorpusConfig, DataConfig
from mtlite.data.cache import pairs_of
from mtlite.data.corpus import load_corpus, load_pairs
from mtlite.data.readers import Columns, read_csv, read_jsonl, read_parallel_text, read_parquet, read_tsv
from mtlite.errors import DataError, UsageError

TRICKY = [
    *["NA", "null", "None", "nan", "", " ", "007", "1e5", "3.0", "2026-11-23", "true", "a\u2028b", "a\x85b", "a\x0bb"],
    *[
        "a\x0cb",
        "a\x00b",
        "a\rb",
        '"',
        '""',
        "a,b",
        "it's",
        "\\n",
        "\ufeffa",
        "e\u0301",
        "é",
        "😀",
        "#",
        "-",
        "</s>",
        "x\ry",
    ],
]
PAIRS = [(source, f"{source} {number}") for number, source in enumerate(TRICKY)]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def write(path: Path, content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


def parallel(folder: Path, pairs: list[tuple[str, str]], name: str = "train") -> dict[str, Any]:
    return {
        "source": write(folder / f"{name}.de", "".join(f"{source}\n" for source, _ in pairs)),
        "target": write(folder / f"{name}.en", "".join(f"{target}\n" for _, target in pairs)),
    }


def csv_text(pairs: list[tuple[str, str]], names: tuple[str, str] = ("source", "target")) -> str:
    file = io.StringIO()
    csv.writer(file).writerows([names, *pairs])
    return file.getvalue()


def jsonl_text(pairs: list[tuple[str, str]], nested: bool = False) -> str:
    rows: list[dict] = [{"source": source, "target": target} for source, target in pairs]
    return "".join(json.dumps({"translation": row} if nested else row) + "\n" for row in rows)


def table(pairs: Sequence[tuple[Any, Any]], nested: bool = False) -> pa.Table:
    rows: list[dict] = [{"source": source, "target": target} for source, target in pairs]
    return pa.Table.from_pylist([{"translation": row} for row in rows] if nested else rows)


def parquet_bytes(pairs: Sequence[tuple[Any, Any]], nested: bool = False) -> bytes:
    file = io.BytesIO()
    pq.write_table(table(pairs, nested), file)
    return file.getvalue()


def write_pairs(folder: Path, kind: str, pairs: list[tuple[str, str]]) -> dict[str, str]:
    if kind.startswith("text"):
        return parallel(folder, pairs)
    path = folder / f"pairs.{kind.removeprefix('nested ')}"
    nested = kind.startswith("nested")
    if kind.endswith("folder"):
        datasets.Dataset(table(pairs, nested)).save_to_disk(path)
        return {"pairs": str(path)}
    contents: dict[str, str | bytes] = {
        "tsv": "".join(f"{source}\t{target}\n" for source, target in pairs),
        "csv": csv_text(pairs),
        "jsonl": jsonl_text(pairs, nested),
        "parquet": parquet_bytes(pairs, nested),
    }
    return {"pairs": write(path, contents[path.name.split(".")[1]])}


def two_sets(folder: Path) -> dict[str, CorpusConfig]:
    given = CorpusConfig(**parallel(folder, [("held", "out")], "held"))
    return {"dev": given, "test": given}


def load(folder: Path, **options):
    return load_corpus(DataConfig(**{**two_sets(folder), **options}), 1)


KINDS = ["text", "tsv", "tsv.gz", "csv", "csv.gz", "jsonl", "jsonl.gz", "nested jsonl", "parquet", "nested parquet"]


@pytest.mark.parametrize("kind", [*KINDS, "folder", "nested folder"])
def test_every_format_keeps_every_sentence(tmp_path, kind):
    corpus = load(tmp_path, **write_pairs(tmp_path, kind, PAIRS))
    assert list(pairs_of(corpus.train)) == PAIRS
    assert corpus.train.column_names == ["source", "target"]
    assert corpus.train.cache_files
    assert list(pairs_of(corpus.dev)) == list(pairs_of(corpus.tests["test"])) == [("held", "out")]


def test_unquoted_carriage_returns_in_csv(tmp_path):
    path = write(tmp_path / "a.csv", 'source,target\r\na\rb,c\r\r\n"d\re","f\r\ng"\r\nh,i\r')
    assert list(read_csv(path, Columns(("source",), ("target",)))) == [("a\rb", "c\r"), ("d\re", "f\r\ng"), ("h", "i")]


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
sentences = text.map(lambda value: value.replace("\n", " ").replace("\t", " ").rstrip("\r").lstrip("\ufeff"))


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.lists(st.tuples(sentences, sentences), min_size=1))
def test_any_sentences_survive_every_format(tmp_path_factory, pairs):
    folder = tmp_path_factory.getbasetemp()
    columns = Columns(("source",), ("target",))
    assert list(read_parallel_text(**parallel(folder, pairs))) == pairs
    for kind, read in (("tsv", read_tsv), ("csv", read_csv), ("jsonl", read_jsonl), ("parquet", read_parquet)):
        assert list(read(write_pairs(folder, kind, pairs)["pairs"], columns)) == pairs, kind


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.lists(st.tuples(text, text), min_size=1))
def test_formats_with_quoting_keep_line_ends_too(tmp_path_factory, pairs):
    folder = tmp_path_factory.getbasetemp()
    columns = Columns(("source",), ("target",))
    for kind, read in (("csv", read_csv), ("jsonl", read_jsonl), ("nested parquet", read_parquet)):
        assert list(read(write_pairs(folder, kind, pairs)["pairs"], columns)) == pairs, kind


def test_generated_and_mutated_files_give_right_results_or_errors(tmp_path):
    fuzzer = fuzz(tmp_path, inputs=1200, seed=3)
    assert not fuzzer.bugs
    assert fuzzer.outcomes["right result"] > 200
    assert fuzzer.outcomes["project error"] > 200


def test_different_lengths_name_both_counts(tmp_path):
    source = write(tmp_path / "a.de", "1\n2\n3\n")
    target = write(tmp_path / "a.en", "1\n2\n3\n4\n5\n")
    for first, second, counts in ((source, target, "has 3 lines.*has 5"), (target, source, "has 5 lines.*has 3")):
        with pytest.raises(DataError, match=counts):
            load(tmp_path, source=first, target=second)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", "a\tb\nc\n", r"a\.tsv, line 2: expected source, tab, target; found 1 column"),
        ("a.tsv", "a\tb\tc\n", "line 1: .* found 3 column"),
        ("a.tsv", "", "no sentence pairs"),
        ("a.csv", "", "no sentence pairs"),
        ("a.csv", "source,target\n", "no sentence pairs"),
        ("a.csv", "source,target\na,b,c\n", "line 2: expected 2 columns as in the header, found 3"),
        ("a.csv", "source,target\na,b\n\nc,d\n", "line 3: expected 2 columns as in the header, found 0"),
        ("a.csv", 'source,target\n"a,b\n', "line 2: not a row of comma-separated values"),
        ("a.csv", 'source,target\n"a"b,c\n', "line 2: not a row of comma-separated values"),
        ("a.csv", 'source,target\n"' + "a\n" * 600_000 + '",b\n', "not a row of comma-separated values: field larger"),
        ("a.jsonl", "", "no sentence pairs"),
        ("a.jsonl", '{"source": "a", "target": "b"}\n\n', "line 2: not JSON"),
        ("a.jsonl", '{"source": "a", "target": null}\n', "line 1: expected a string as 'target', found nothing"),
        (
            "a.jsonl",
            '{"source": "a", "target": 7}\n',
            "line 1: expected a string as 'target', found a value of type int",
        ),
        ("a.jsonl", '{"source": "a", "target": "b"}\n{"source": "a"}\n', "line 2: expected a string as 'target'"),
        ("a.jsonl", '["a", "b"]\n', "line 1: expected an object"),
        ("a.jsonl", '{"source": "\\ud800", "target": "b"}\n', "lone surrogate"),
        ("a.jsonl", '{"source": "a", "target": ' + "[" * 200_000 + "\n", "line 1: not JSON"),
        ("a.jsonl", '{"source": "a", "target": ' + "9" * 5000 + "}\n", "line 1: not JSON"),
        ("a.parquet", b"PAR1 no", "not a readable Parquet file"),
        ("a.parquet", b"", "not a readable Parquet file"),
        (
            "a.parquet",
            parquet_bytes([("a", "b"), ("c", None)]),
            "column target, row 2: expected a string, found nothing",
        ),
        ("a.parquet", parquet_bytes([("a", 1)]), "column target: expected strings, found int64"),
        ("a.parquet", parquet_bytes([("a", "b" * 2_000_000)]), "longer than 1,048,576 bytes"),
        ("a.tsv.gz", None, "no such file"),
    ],
)
def test_files_that_cannot_be_read_as_they_are(tmp_path, name, content, message):
    path = tmp_path / name if content is None else write(tmp_path / name, content)
    with pytest.raises(DataError, match=message):
        load(tmp_path, pairs=str(path))


def test_parquet_with_invalid_utf8(tmp_path):
    invalid = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(np.array([0, 1], dtype=np.int32)), pa.py_buffer(b"\xff")]
    )
    pq.write_table(pa.table({"source": invalid, "target": ["b"]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="UTF8"):
        load(tmp_path, pairs=str(tmp_path / "a.parquet"))


def test_rows_of_missing_sentences_are_counted_over_batches(tmp_path):
    pairs = [("a", None if number == 2345 else "b") for number in range(2500)]
    with pytest.raises(DataError, match="row 2346"):
        load(tmp_path, pairs=write(tmp_path / "a.parquet", parquet_bytes(pairs)))
    datasets.Dataset(table(pairs)).save_to_disk(tmp_path / "saved")
    with pytest.raises(DataError, match="row 2346"):
        load(tmp_path, pairs=str(tmp_path / "saved"))


def test_empty_text_files(tmp_path):
    with pytest.raises(DataError, match="data: no sentence pairs"):
        load(tmp_path, **parallel(tmp_path, []))


def test_folders_and_missing_files(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match="not a folder made by save_to_disk"):
        load(tmp_path, pairs=str(tmp_path / "folder"))
    with pytest.raises(DataError, match=r"data\.source .*folder: not a file; give the path of one, from .* or in full"):
        load(tmp_path, source=str(tmp_path / "folder"), target=str(tmp_path / "folder"))
    with pytest.raises(DataError, match=r"data\.source .*missing: no such file; give the path of one"):
        load(tmp_path, source=str(tmp_path / "missing"), target=str(tmp_path / "missing"))
    with pytest.raises(DataError, match="no such file"):
        load(tmp_path, source="null\0byte", target="null\0byte")


@pytest.mark.parametrize("name", ["dev", "test", "tests"])
def test_a_missing_file_of_any_set_is_missed_before_one_is_read(tmp_path, monkeypatch, name):
    monkeypatch.setattr("mtlite.data.corpus.load_pairs", lambda *_: pytest.fail("a set is read"))
    missing = CorpusConfig(source=str(tmp_path / "no.de"), target=str(tmp_path / "train.en"))
    options = {name: {"long": missing} if name == "tests" else missing}
    option = "tests.long" if name == "tests" else name
    with pytest.raises(DataError, match=rf"data\.{option}\.source .*no\.de: no such file"):
        load(tmp_path, **parallel(tmp_path, PAIRS), **options)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_unreadable_files(tmp_path):
    paths = parallel(tmp_path, PAIRS)
    Path(paths["target"]).chmod(0)
    with pytest.raises(DataError, match=r"train\.en: cannot be read"):
        load(tmp_path, **paths)


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", Path(write(tmp_path / "file", "")) / "cache")
    with pytest.raises(DataError, match=r"cannot write the corpus to .*HF_DATASETS_CACHE"):
        load(tmp_path, **parallel(tmp_path, PAIRS))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"data: give exactly one of data\.source with data\.target, data\.pairs, data\.dataset; found none"),
        ({"source": "a", "target": "b", "pairs": "c.tsv"}, "data: give exactly one of .* found more than one"),
        ({"pairs": "c.tsv", "dataset": "d"}, "found more than one"),
        ({"source": "a"}, r"give data\.target too"),
        ({"target": "a"}, r"give data\.source too"),
        ({"pairs": "a.txt"}, r"expected a file ending in \.tsv, \.csv, \.jsonl, \.parquet"),
        ({"pairs": "a.tsv", "split": "train"}, r"data\.split belongs to"),
        ({"pairs": "a.tsv", "configuration": "x"}, r"data\.configuration belongs to data\.dataset"),
        ({"pairs": "a.tsv", "tests": {"test": CorpusConfig(pairs="a.tsv")}}, "choose another name"),
    ],
)
def test_options_that_do_not_say_where_a_set_comes_from(tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        load(tmp_path, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dev": CorpusConfig(split="validation")}, r"data\.dev: give exactly one of .* found none"),
        ({"dev": CorpusConfig(source="a")}, r"give data\.dev\.target too"),
        ({"tests": {"news": CorpusConfig()}}, r"data\.tests\.news: give exactly one of"),
    ],
)
def test_options_of_further_sets(tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        load(tmp_path, **parallel(tmp_path, PAIRS), **options)


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


def test_swapped_column_names(tmp_path):
    datasets.Dataset.from_list([{"source": "s", "target": "t"}]).save_to_disk(tmp_path / "saved")
    corpus = load(tmp_path, pairs=str(tmp_path / "saved"), source_column="target", target_column="source")
    assert list(pairs_of(corpus.train)) == [("t", "s")]


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


def test_languages_are_inferred_and_noted(tmp_path):
    corpus = load(tmp_path, **parallel(tmp_path, PAIRS), target_language="eng")
    assert (corpus.source_language, corpus.target_language) == ("de", "eng")
    assert corpus.notes == (f"The source language is de, by the ending of {tmp_path / 'train.de'}.",)


@pytest.mark.parametrize("language", ["klingon", "d", "de-", "??"])
def test_what_has_not_the_form_of_a_language_code_is_noted(tmp_path, language):
    corpus = load(tmp_path, **parallel(tmp_path, PAIRS), source_language="en", target_language=language)
    assert corpus.target_language == language
    assert corpus.notes[0].startswith(f"data.target_language {language} is not of the form of a language code, such as")


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(tmp_path, monkeypatch):
    paths = parallel(tmp_path, [("a", "b")])
    times = os.stat(paths["source"])
    first = load(tmp_path, **paths).train
    assert load(tmp_path, **paths).train.cache_files == first.cache_files
    write(tmp_path / "train.de", "c\n")
    os.utime(paths["source"], ns=(times.st_atime_ns, times.st_mtime_ns))
    assert list(pairs_of(load(tmp_path, **paths).train)) == [("c", "b")]
    assert list(pairs_of(first)) == [("a", "b")]


def splits(folder: Path) -> str:
    rows = {"train": PAIRS, "validation": [("dev", "dev")], "test": [("test", "test")]}
    datasets.DatasetDict({name: datasets.Dataset(table(pairs)) for name, pairs in rows.items()}).save_to_disk(folder)
    return str(folder)


def test_splits_of_a_saved_folder(tmp_path):
    before = splits(tmp_path / "saved")
    files = sorted(Path(before).rglob("*"))
    config = DataConfig(
        pairs=before,
        dev=CorpusConfig(split="validation"),
        test=CorpusConfig(split="test"),
        tests={"again": CorpusConfig(split="validation"), "own": CorpusConfig(**parallel(tmp_path, [("x", "y")]))},
    )
    corpus = load_corpus(config, 1)
    assert list(pairs_of(corpus.train)) == PAIRS
    assert list(pairs_of(corpus.dev)) == [("dev", "dev")]
    assert {name: list(pairs_of(part)) for name, part in corpus.tests.items()} == {
        "test": [("test", "test")],
        "again": [("dev", "dev")],
        "own": [("x", "y")],
    }
    assert list(corpus.tests) == ["test", "again", "own"]
    load_corpus(DataConfig(pairs=before), 1)
    assert sorted(Path(before).rglob("*")) == files


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "has the splits validation, test, not used here: give data.test.split and data.dev.split to use such"),
        ({"test": CorpusConfig(split="test")}, "has the split validation, not used here: give data.dev.split to use"),
        ({"split": "test"}, "has the splits train, validation, not used here"),
        ({"test": CorpusConfig(split="test"), "tests": {"more": CorpusConfig(split="validation")}}, None),
        ({"dev": CorpusConfig(split="validation"), "test": CorpusConfig(split="validation")}, None),
    ],
)
@pytest.mark.parametrize("place", ["pairs", "dataset"])
def test_splits_that_are_not_used_are_noted(tmp_path, place, options, said):
    folder = tmp_path / "splits"
    pairs = [(f"a {number}", f"b {number}") for number in range(40)]
    if place == "pairs":
        datasets.DatasetDict(
            {name: datasets.Dataset(table(pairs)) for name in ("train", "validation", "test")}
        ).save_to_disk(folder)
    else:
        folder.mkdir()
        for name in ("train", "validation", "test"):
            write(folder / f"{name}.jsonl", jsonl_text(pairs))
    notes = load_corpus(DataConfig(**{place: str(folder)}, **options), 1).notes
    if said is None:
        assert not any("not used" in note for note in notes)
    else:
        assert notes[0].startswith(f"{folder} {said}")


def test_where_there_are_no_splits_none_are_noted(tmp_path):
    pairs = [(f"a {number}", f"b {number}") for number in range(40)]
    datasets.Dataset(table(pairs)).save_to_disk(tmp_path / "single")
    datasets.DatasetDict({"all": datasets.Dataset(table(pairs))}).save_to_disk(tmp_path / "one")
    for where in (parallel(tmp_path, pairs), {"pairs": str(tmp_path / "single")}, {"pairs": str(tmp_path / "one")}):
        assert not any("not used" in note for note in load_corpus(DataConfig(**where), 1).notes)


def test_splits_that_are_not_there(tmp_path):
    path = splits(tmp_path / "saved")
    with pytest.raises(UsageError, match=r"data\.split: no split dev; give one of: train, validation, test"):
        load(tmp_path, pairs=path, split="dev")
    with pytest.raises(UsageError, match=r"data\.dev\.split: several splits; give one of"):
        load(tmp_path, **parallel(tmp_path, PAIRS), dev=CorpusConfig(pairs=path))
    datasets.Dataset(table(PAIRS)).save_to_disk(tmp_path / "single")
    with pytest.raises(UsageError, match=r"data\.dev\.split: the folder holds a single data set"):
        load(tmp_path, pairs=str(tmp_path / "single"), dev=CorpusConfig(split="validation"))


def test_a_broken_saved_folder(tmp_path):
    datasets.Dataset(table(PAIRS)).save_to_disk(tmp_path / "saved")
    (tmp_path / "saved" / "state.json").write_text("{")
    with pytest.raises(DataError, match="not a folder made by save_to_disk"):
        load(tmp_path, pairs=str(tmp_path / "saved"))


def test_a_data_set_by_name(tmp_path, monkeypatch):
    translations = datasets.Features(translation=datasets.Translation(["de", "en"]))
    asked = []

    def load_dataset(name, configuration, split):
        asked.append((name, configuration, split))
        return datasets.Dataset.from_dict({"translation": [{"de": f"{split} Haus", "en": "house"}]}, translations)

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    config = DataConfig(
        dataset="wmt14",
        configuration="de-en",
        source_language="en",
        target_language="de",
        dev=CorpusConfig(split="validation"),
        test=CorpusConfig(dataset="other", split="test"),
    )
    corpus = load_corpus(config, 1)
    assert sorted(asked, key=str) == [
        ("other", None, "test"),
        ("wmt14", "de-en", "train"),
        ("wmt14", "de-en", "validation"),
    ]
    assert list(pairs_of(corpus.train)) == [("house", "train Haus")]
    assert list(pairs_of(corpus.dev)) == [("house", "validation Haus")]


def test_a_data_set_in_a_local_folder(tmp_path):
    folder = tmp_path / "local"
    folder.mkdir()
    write(folder / "train.parquet", parquet_bytes([("a", "b")]))
    corpus = load(tmp_path, dataset=str(folder))
    assert list(pairs_of(corpus.train)) == [("a", "b")]
    with pytest.raises(UsageError, match=r"data\.dataset: cannot load .* Unknown split"):
        load(tmp_path, dataset=str(folder), split="dev")


@pytest.mark.parametrize("error", [ConnectionError("Couldn't reach it"), FileNotFoundError("gone"), RuntimeError("")])
def test_hub_failures_name_the_local_way(tmp_path, monkeypatch, error):
    def load_dataset(*arguments, **options):
        raise error

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with pytest.raises(DataError, match=r"cannot load wmt14 from the Hugging Face Hub.*data\.source with data\.target"):
        load(tmp_path, dataset="wmt14")


def repetitive(count: int) -> list[tuple[str, str]]:
    return [(f"source {number // 2 % (count // 4)}", f"target {number % (count // 2)}") for number in range(count)]


def cut_of(folder: Path, pairs: list[tuple[str, str]], seed: int, held_out: int = 1000) -> list[list[tuple[str, str]]]:
    corpus = load_corpus(DataConfig(**parallel(folder, pairs), held_out=held_out), seed)
    return [list(pairs_of(part)) for part in (corpus.train, corpus.dev, corpus.tests["test"])]


def test_missing_sets_are_cut_from_the_training_pairs(tmp_path):
    pairs = repetitive(400)
    train, dev, test = cut_of(tmp_path, pairs, 1, held_out=10)
    assert len(dev) == len(test) == 10
    assert set(train) | set(dev) | set(test) == set(pairs)
    sources = [{source for source, _ in part} for part in (train, dev, test)]
    assert sum(map(len, sources)) == len(set.union(*sources))
    assert len(dev) == len(set(dev))
    assert train == [pair for pair in pairs if pair in set(train)]
    assert dev == [pair for pair in dict.fromkeys(pairs) if pair in set(dev)]
    assert cut_of(tmp_path, pairs, 1, held_out=10) == [train, dev, test]
    assert cut_of(tmp_path, pairs, 2, held_out=10) != [train, dev, test]
    assert [sorted(set(part)) for part in cut_of(tmp_path, pairs[::-1], 1, held_out=10)] == [
        sorted(set(part)) for part in (train, dev, test)
    ]


def test_at_most_a_tenth_of_the_distinct_pairs_is_cut(tmp_path):
    _, dev, test = cut_of(tmp_path, repetitive(400), 1)
    assert 15 <= len(dev) <= 20
    assert 15 <= len(test) <= 20


def test_one_missing_set_is_cut_and_noted(tmp_path):
    pairs = [(f"a {number}", f"b {number}") for number in range(100)]
    given = CorpusConfig(**parallel(tmp_path, [("x", "y")], "dev"))
    corpus = load_corpus(DataConfig(**parallel(tmp_path, pairs), dev=given, held_out=5), 7)
    assert (len(corpus.train), len(corpus.dev), len(corpus.tests["test"])) == (95, 1, 5)
    assert "5 of 100 training pairs were cut out as the test set (held_out 5, seed 7)" in corpus.notes[-1]


def test_an_altered_folder_is_not_mistaken_for_what_it_was(tmp_path):
    """`datasets` finds its cache by a fingerprint that a saved folder states itself."""
    found = []
    for word in ("first", "second"):
        folder = tmp_path / word
        pairs = [(f"{word} {number}", f"b {number}") for number in range(40)]
        datasets.Dataset(table(pairs)).save_to_disk(folder)
        if found:
            (folder / "state.json").write_bytes((tmp_path / "first" / "state.json").read_bytes())
        corpus = load_corpus(DataConfig(pairs=str(folder), held_out=3), 1)
        parts = [sorted(pairs_of(part)) for part in (corpus.train, corpus.dev, corpus.tests["test"])]
        assert sorted(itertools.chain(*parts)) == sorted(pairs)
        found.append(parts)
    assert found[0][1] != [(source.replace("second", "first"), target) for source, target in found[1][1]]


def test_all_copies_of_a_large_group_stay_together(tmp_path):
    pairs = [("same", f"b {number}") for number in range(50)] + [(f"a {number}", "b") for number in range(50)]
    train, dev, test = cut_of(tmp_path, pairs, 1)
    assert {source for source, _ in train} >= {"same"}
    assert len(dev) == len(test) == 10


def test_corpora_that_cannot_be_cut(tmp_path):
    with pytest.raises(
        DataError, match=r"19 different training pairs are too few to cut .*give data\.test and data\.dev"
    ):
        cut_of(tmp_path, [(str(number % 19), "b") for number in range(60)], 1)
    with pytest.raises(DataError, match="every source sentence has more than 3 translations"):
        cut_of(tmp_path, [("same", str(number)) for number in range(30)], 1)
    with pytest.raises(UsageError, match=r"data\.held_out: expected at least 1, found 0"):
        cut_of(tmp_path, repetitive(100), 1, held_out=0)


@pytest.mark.parametrize("ending", [".parquet", ".parquet.gz"])
def test_parquet_gzipped_and_with_a_dictionary(tmp_path, ending):
    sentences = pa.array(["eins", "zwei", "eins"])
    table = pa.table({"source": sentences.dictionary_encode(), "target": sentences})
    pq.write_table(table, tmp_path / "a.parquet")
    path = tmp_path / f"b{ending}"
    content = (tmp_path / "a.parquet").read_bytes()
    path.write_bytes(gzip.compress(content) if ending.endswith(".gz") else content)
    found = load_pairs(CorpusConfig(pairs=str(path)), Columns(("source",), ("target",)), "data", None)
    assert list(found["source"]) == list(found["target"]) == sentences.to_pylist()
    if ending.endswith(".gz"):
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(DataError, match="broken gzip file"):
            load_pairs(CorpusConfig(pairs=str(path)), Columns(("source",), ("target",)), "data", None)
