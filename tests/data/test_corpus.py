import dataclasses
from pathlib import Path

import datasets
import pytest
from data.corpus_files import PAIRS, data_config, jsonl_text, load, parallel, save_splits, table, write, write_pairs

from mtlite.config.options import CorpusConfig, DataConfig
from mtlite.data.cache import digest_of, pairs_of
from mtlite.data.corpus import load_corpus
from mtlite.errors import DataError, UsageError

pytestmark = pytest.mark.usefixtures("cache")

KINDS = ["text", "tsv", "tsv.gz", "csv", "csv.gz", "jsonl", "jsonl.gz", "nested jsonl", "parquet", "nested parquet"]


@pytest.mark.parametrize("kind", [*KINDS, "folder", "nested folder"])
def test_every_format_keeps_every_sentence(tmp_path, kind):
    corpus = load(tmp_path, **write_pairs(tmp_path, kind, PAIRS))
    assert list(pairs_of(corpus.train)) == PAIRS
    assert corpus.train.column_names == ["source", "target"]
    assert corpus.train.cache_files
    assert list(pairs_of(corpus.dev)) == list(pairs_of(corpus.tests["test"])) == [("held", "out")]


@pytest.mark.parametrize("name", ["dev", "test", "tests"])
def test_a_missing_file_of_any_set_is_missed_before_one_is_read(tmp_path, monkeypatch, name):
    monkeypatch.setattr("mtlite.data.corpus.load_pairs", lambda *_: pytest.fail("a set is read"))
    missing = CorpusConfig(source=str(tmp_path / "no.de"), target=str(tmp_path / "train.en"))
    options = {name: {"long": missing} if name == "tests" else missing}
    option = "tests.long" if name == "tests" else name
    with pytest.raises(DataError, match=rf"data\.{option}\.source .*no\.de: no such file"):
        load(tmp_path, **parallel(tmp_path, PAIRS), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dev": CorpusConfig(split="validation")}, r"data\.dev: expected exactly one of .* received none"),
        ({"dev": CorpusConfig(source="a")}, r"give data\.dev\.target too"),
        ({"tests": {"news": CorpusConfig()}}, r"data\.tests\.news: expected exactly one of"),
    ],
)
def test_options_of_further_sets(tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        load(tmp_path, **parallel(tmp_path, PAIRS), **options)


def test_languages_are_inferred_and_noted(tmp_path):
    corpus = load(tmp_path, **parallel(tmp_path, PAIRS), target_language="eng")
    assert (corpus.source_language, corpus.target_language) == ("de", "eng")
    assert corpus.notes == (f"The source language is de, by the ending of {tmp_path / 'train.de'}.",)


def test_splits_of_a_saved_folder(tmp_path):
    before = save_splits(tmp_path / "saved")
    files = sorted(Path(before).rglob("*"))
    config = data_config(
        pairs=before,
        dev=CorpusConfig(split="validation"),
        test=CorpusConfig(split="test"),
        tests={"again": CorpusConfig(split="validation"), "own": CorpusConfig(**parallel(tmp_path, [("x", "y")]))},
    )
    corpus = load_corpus(config)
    assert list(pairs_of(corpus.train)) == PAIRS
    assert list(pairs_of(corpus.dev)) == [("dev", "dev")]
    assert {name: list(pairs_of(part)) for name, part in corpus.tests.items()} == {
        "test": [("test", "test")],
        "again": [("dev", "dev")],
        "own": [("x", "y")],
    }
    assert list(corpus.tests) == ["test", "again", "own"]
    load_corpus(data_config(pairs=before))
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
    notes = load_corpus(data_config(**{place: str(folder)}, **options)).notes
    if said is None:
        assert not any("not used" in note for note in notes)
    else:
        assert notes[0].startswith(f"{folder} {said}")


def test_where_there_are_no_splits_none_are_noted(tmp_path):
    pairs = [(f"a {number}", f"b {number}") for number in range(40)]
    datasets.Dataset(table(pairs)).save_to_disk(tmp_path / "single")
    datasets.DatasetDict({"all": datasets.Dataset(table(pairs))}).save_to_disk(tmp_path / "one")
    for where in (parallel(tmp_path, pairs), {"pairs": str(tmp_path / "single")}, {"pairs": str(tmp_path / "one")}):
        assert not any("not used" in note for note in load_corpus(data_config(**where)).notes)


def test_a_data_set_by_name(tmp_path, monkeypatch):
    translations = datasets.Features(translation=datasets.Translation(["de", "en"]))
    asked = []

    def load_dataset(name, configuration, split):
        asked.append((name, configuration, split))
        return datasets.Dataset.from_dict({"translation": [{"de": f"{split} Haus", "en": "house"}]}, translations)

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    config = data_config(
        dataset="wmt14",
        configuration="de-en",
        source_language="en",
        target_language="de",
        dev=CorpusConfig(split="validation"),
        test=CorpusConfig(dataset="other", split="test"),
    )
    corpus = load_corpus(config)
    assert sorted(asked, key=str) == [
        ("other", None, "test"),
        ("wmt14", "de-en", "train"),
        ("wmt14", "de-en", "validation"),
    ]
    assert list(pairs_of(corpus.train)) == [("house", "train Haus")]
    assert list(pairs_of(corpus.dev)) == [("house", "validation Haus")]


def corpora(folder: Path, *parts: list[tuple[str, str]]) -> list[CorpusConfig]:
    return [CorpusConfig(**parallel(folder, pairs, f"train{number}")) for number, pairs in enumerate(parts, 1)]


class TestSeveralTrainingCorpora:
    def test_they_are_joined_in_their_order(self, tmp_path):
        saved = save_splits(tmp_path / "saved")
        (first,) = corpora(tmp_path, [("a", "b"), ("c", "d")])
        corpus = load(tmp_path, train=[first, CorpusConfig(pairs=saved, split="validation"), first])
        assert list(pairs_of(corpus.train)) == [("a", "b"), ("c", "d"), ("dev", "dev"), ("a", "b"), ("c", "d")]

    def test_a_weight_repeats_the_pairs_of_a_corpus(self, tmp_path):
        first, second = corpora(tmp_path, [("a", "b"), ("c", "d")], [("e", "f")])
        corpus = load(tmp_path, train=[first, dataclasses.replace(second, weight=3)])
        assert list(pairs_of(corpus.train)) == [("a", "b"), ("c", "d"), *[("e", "f")] * 3]

    def test_a_sample_of_a_corpus_is_part_of_a_larger_one(self, tmp_path):
        (one,) = corpora(tmp_path, [(f"s{number}", f"t{number}") for number in range(100)])

        def drawn(most, seed=1):
            return list(pairs_of(load(tmp_path, train=[dataclasses.replace(one, most_pairs=most)], seed=seed).train))

        assert drawn(None) == drawn(100) == drawn(1000)
        assert [len(drawn(most)) for most in (1, 10, 99)] == [1, 10, 99]
        assert set(drawn(10)) < set(drawn(30))
        assert drawn(30) == sorted(drawn(30), key=drawn(None).index)
        assert set(drawn(30)) != set(drawn(30, seed=2))

    def test_one_alone_in_the_list_is_as_it_would_be_without_others(self, tmp_path):
        parts = corpora(tmp_path, PAIRS, [("x", "y")])
        alone, both = load(tmp_path, train=parts[:1]).train, load(tmp_path, train=parts).train
        assert alone.cache_files == load(tmp_path, train=parts[:1]).train.cache_files
        assert alone._fingerprint not in (both._fingerprint, load(tmp_path, train=parts[1:]).train._fingerprint)
        assert digest_of(alone) == digest_of(datasets.Dataset(table(PAIRS)))
        assert digest_of(both) == digest_of(datasets.Dataset(table([*PAIRS, ("x", "y")])))

    def test_sets_are_split_off_all_of_them(self, tmp_path):
        parts = [[(f"{name} {number}", "b") for number in range(100)] for name in ("first", "second")]
        corpus = load_corpus(DataConfig(train=corpora(tmp_path, *parts)))
        assert (len(corpus.train), len(corpus.dev), len(corpus.tests["test"])) == (160, 20, 20)
        assert {source.split()[0] for source in corpus.dev["source"]} == {"first", "second"}

    def test_a_split_alone_belongs_to_the_first_that_may_have_some(self, tmp_path):
        saved = save_splits(tmp_path / "saved")
        train = [*corpora(tmp_path, PAIRS), CorpusConfig(pairs=saved), *corpora(tmp_path, PAIRS)]
        corpus = load_corpus(
            DataConfig(train=train, dev=CorpusConfig(split="validation"), test=CorpusConfig(split="test"))
        )
        assert list(pairs_of(corpus.dev)) == [("dev", "dev")]
        assert list(pairs_of(corpus.tests["test"])) == [("test", "test")]

    def test_a_split_that_is_trained_on_is_used(self, tmp_path):
        saved = save_splits(tmp_path / "saved")
        train = [CorpusConfig(pairs=saved), CorpusConfig(pairs=saved, split="validation")]
        notes = load_corpus(DataConfig(train=train)).notes
        assert notes[0].startswith(
            f"{saved} has the split test, not used here: give data.test.split and data.dev.split"
        )

    def test_the_language_is_that_of_the_first_file_with_an_ending(self, tmp_path):
        german = parallel(tmp_path, PAIRS, "train")
        plain = CorpusConfig(source=write(tmp_path / "a.txt", "a\n"), target=write(tmp_path / "b.txt", "b\n"))
        corpus = load(tmp_path, train=[plain, CorpusConfig(**german)])
        assert (corpus.source_language, corpus.target_language) == ("de", "en")
        assert corpus.notes[0] == f"The source language is de, by the ending of {german['source']}."

    @pytest.mark.parametrize(
        ("second", "message"),
        [
            (CorpusConfig(), r"data\.train\[2\]: expected exactly one of data\.train\[2\]\.source with"),
            (CorpusConfig(source="a"), r"give data\.train\[2\]\.target too"),
            (CorpusConfig(pairs="no.tsv"), r"data\.train\[2\]\.pairs no\.tsv: no such file"),
        ],
    )
    def test_messages_name_the_one_that_is_wrong(self, tmp_path, monkeypatch, second, message):
        monkeypatch.setattr("mtlite.data.corpus.load_pairs", lambda *_: pytest.fail("a set is read"))
        with pytest.raises((UsageError, DataError), match=message):
            load(tmp_path, train=[*corpora(tmp_path, PAIRS), second])

    def test_an_empty_list(self, tmp_path):
        with pytest.raises(UsageError, match=r"data\.train: expected exactly one of .* received none"):
            load(tmp_path, train=[])
