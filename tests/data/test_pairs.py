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
        ({"pairs": "a.txt"}, r"expected a file ending in \.tsv, \.csv, \.jsonl, \.parquet"),
        ({"pairs": "a.tsv", "split": "train"}, r"data\.train\.split belongs to"),
        ({"pairs": "a.tsv", "configuration": "x"}, r"data\.train\.configuration belongs to data\.train\.dataset"),
        ({"pairs": "a.parquet.gz"}, r"\.parquet \(all but Parquet may be gzipped\).*received a\.parquet\.gz"),
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
    with pytest.raises(DataError, match="not a folder made by save_to_disk"):
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
