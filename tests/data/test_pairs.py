import os
from pathlib import Path

import datasets
import pytest
from data.corpus_files import PAIRS, load, parallel, parquet_bytes, save_splits, table, write

from mtlite.config.options import CorpusConfig
from mtlite.data.cache import pairs_of
from mtlite.errors import DataError, UsageError

pytestmark = pytest.mark.usefixtures("cache")


def test_empty_text_files(tmp_path):
    with pytest.raises(DataError, match=r"data\.train: no sentence pairs"):
        load(tmp_path, **parallel(tmp_path, []))


def test_folders_and_missing_files(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match="not a folder made by save_to_disk"):
        load(tmp_path, pairs=str(tmp_path / "folder"))
    with pytest.raises(DataError, match=r"data\.train\.source .*folder: not a file; give the path of"):
        load(tmp_path, source=str(tmp_path / "folder"), target=str(tmp_path / "folder"))
    with pytest.raises(DataError, match=r"data\.train\.source .*missing: no such file; give the path of one"):
        load(tmp_path, source=str(tmp_path / "missing"), target=str(tmp_path / "missing"))
    with pytest.raises(DataError, match="no such file"):
        load(tmp_path, source="null\0byte", target="null\0byte")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_unreadable_files(tmp_path):
    paths = parallel(tmp_path, PAIRS)
    Path(paths["target"]).chmod(0)
    with pytest.raises(DataError, match=r"train\.en: cannot be read"):
        load(tmp_path, **paths)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"data\.train: expected exactly one of data\.train\.source with .*; received none"),
        (
            {"source": "a", "target": "b", "pairs": "c.tsv"},
            "expected exactly one of .* received more than one",
        ),
        ({"pairs": "c.tsv", "dataset": "d"}, "received more than one"),
        ({"source": "a"}, r"give data\.train\.target too"),
        ({"target": "a"}, r"give data\.train\.source too"),
        ({"pairs": "a.xlsx"}, r"expected a file ending in \.tsv, \.csv, \.jsonl, \.parquet"),
        ({"pairs": "a.tsv", "split": "train"}, r"data\.train\.split belongs to"),
        ({"pairs": "a.jsonl", "header": True}, r"data\.train\.header belongs to .*\.tsv, \.csv, \.txt, \.tab"),
        ({"dataset": "a", "header": False}, r"data\.train\.header belongs to"),
        ({"pairs": "a.tsv", "configuration": "x"}, r"data\.train\.configuration belongs to data\.train\.dataset"),
        ({"pairs": "a.parquet.gz"}, r"\(all but Parquet may be gzipped\).*received a\.parquet\.gz"),
    ],
)
def test_options_that_do_not_say_where_a_set_comes_from(tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        load(tmp_path, **options)


def test_splits_that_are_not_there(tmp_path):
    path = save_splits(tmp_path / "saved")
    with pytest.raises(UsageError, match=r"data\.train\.split: no split dev; give one of: train, validation, test"):
        load(tmp_path, pairs=path, split="dev")
    with pytest.raises(UsageError, match=r"data\.dev\.split: several splits; give one of"):
        load(tmp_path, **parallel(tmp_path, PAIRS), dev=CorpusConfig(pairs=path))
    datasets.Dataset(table(PAIRS)).save_to_disk(tmp_path / "single")
    with pytest.raises(UsageError, match=r"data\.dev\.split: the folder holds a single data set"):
        load(tmp_path, pairs=str(tmp_path / "single"), dev=CorpusConfig(split="validation"))


def test_a_broken_saved_folder(tmp_path):
    datasets.Dataset(table(PAIRS)).save_to_disk(tmp_path / "saved")
    (tmp_path / "saved" / "state.json").write_text("{")
    with pytest.raises(DataError, match=r"state\.json is damaged"):
        load(tmp_path, pairs=str(tmp_path / "saved"))


def test_a_data_set_in_a_local_folder(tmp_path):
    folder = tmp_path / "local"
    folder.mkdir()
    write(folder / "train.parquet", parquet_bytes([("a", "b")]))
    corpus = load(tmp_path, dataset=str(folder))
    assert list(pairs_of(corpus.train)) == [("a", "b")]
    with pytest.raises(UsageError, match=r"data\.train\.dataset: cannot load .* Unknown split"):
        load(tmp_path, dataset=str(folder), split="dev")


@pytest.mark.parametrize("error", [ConnectionError("Couldn't reach it"), FileNotFoundError("gone"), RuntimeError("")])
def test_hub_failures_name_the_local_way(tmp_path, monkeypatch, error):
    def load_dataset(*arguments, **options):
        raise error

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with pytest.raises(DataError, match=r"cannot load wmt14 from the Hugging Face Hub.*data\.train\.source with"):
        load(tmp_path, dataset="wmt14")


WITH_A_GAP = [("a", None if number == 2345 else "b") for number in range(2500)]


class TestMissingSides:
    def test_training_pairs_are_counted_and_left_out(self, tmp_path):
        path = write(tmp_path / "a.parquet", parquet_bytes(WITH_A_GAP))
        datasets.Dataset(table(WITH_A_GAP)).save_to_disk(tmp_path / "saved")
        for pairs in (path, str(tmp_path / "saved"), path):
            corpus = load(tmp_path, pairs=pairs)
            assert corpus.train["target"] == ["b"] * 2499
            assert corpus.notes == ("1 of 2,500 pairs of data.train were left out: a side is missing (null).",)

    def test_other_sets_are_refused_with_the_row(self, tmp_path):
        path = write(tmp_path / "a.parquet", parquet_bytes(WITH_A_GAP))
        for name in ("dev", "test"):
            with pytest.raises(DataError, match=rf"data\.{name}: .* row 2346"):
                load(tmp_path, **parallel(tmp_path, PAIRS), **{name: CorpusConfig(pairs=path)})

    def test_a_set_of_nothing_else_has_no_pairs(self, tmp_path):
        path = write(tmp_path / "a.jsonl", '{"source": "a", "target": null}\n')
        with pytest.raises(DataError, match=r"data\.train: no sentence pairs"):
            load(tmp_path, pairs=path)


class TestRows:
    def test_a_file_as_many_ties_gives_it(self, tmp_path):
        rows = [f"{english}\t{other}\tCC-BY 2.0 Attribution: tatoeba.org #1 (CM)\n" for english, other in PAIRS]
        path = write(tmp_path / "spa.txt.gz", "".join(rows))
        corpus = load(tmp_path, pairs=path, source_language="en", target_language="spa")
        assert list(pairs_of(corpus.train)) == PAIRS
        (note,) = corpus.notes
        assert note.startswith(f"{path}: ")
        assert all(each in note for each in ("data.train.header", "data.source_column", "data.target_column", "3"))
        turned = load(tmp_path, pairs=path, source_column="2", target_column=1)
        assert list(pairs_of(turned.train)) == [(other, english) for english, other in PAIRS]

    def test_the_header_says_the_languages(self, tmp_path):
        path = write(tmp_path / "a.tsv", "English\tThai\nA cat.\tแมว\n")
        corpus = load(tmp_path, pairs=path)
        assert (corpus.source_language, corpus.target_language) == ("en", "th")
        assert list(pairs_of(corpus.train)) == [("A cat.", "แมว")]
        assert corpus.notes[:2] == (
            "The source language is en, by the name of its column.",
            "The target language is th, by the name of its column.",
        )

    def test_a_header_is_that_of_one_set(self, tmp_path):
        paths = [write(tmp_path / f"{name}.tsv", "en\tde\nA\tB\n") for name in ("train", "dev")]
        corpus = load(
            tmp_path,
            train=[CorpusConfig(pairs=paths[0], header=False)],
            dev=CorpusConfig(pairs=paths[1]),
            tests={"more": CorpusConfig(pairs=paths[1], header=False)},
        )
        assert len(corpus.train) == len(corpus.tests["more"]) == 2
        assert len(corpus.dev) == 1
        (note,) = [note for note in corpus.notes if "header" in note]
        assert note.startswith(f"{paths[1]}: its first line is a header")

    def test_what_is_read_again_with_another_option_is_read_anew(self, tmp_path):
        path = write(tmp_path / "a.tsv", "en\tde\nA\tB\n")
        counts = [len(load(tmp_path, pairs=path, header=header).train) for header in (None, False, True, None)]
        assert counts == [1, 2, 1, 1]

    def test_a_text_file_without_tabs(self, tmp_path):
        with pytest.raises(DataError, match=r"a\.txt, line 1: expected source, tab, target"):
            load(tmp_path, pairs=write(tmp_path / "a.txt", "a cat\n"))


@pytest.mark.parametrize("option", ["source_column", "target_column"])
def test_a_column_without_effect_is_refused(tmp_path, option):
    with pytest.raises(UsageError, match=rf"data\.{option} has no effect"):
        load(tmp_path, **parallel(tmp_path, PAIRS), **{option: "en"})
    with pytest.raises(UsageError, match=rf"data\.{option} en has no effect"):
        load(tmp_path, pairs=write(tmp_path / "a.tsv", "a\tb\n"), **{option: "en"})


def test_a_column_of_one_set_is_enough(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"en": "a", "target": "b"}\n')
    assert list(pairs_of(load(tmp_path, pairs=path, source_column="en").train)) == [("a", "b")]
