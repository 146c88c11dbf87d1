import itertools
import os
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pytest
from data.corpus_files import PAIRS, data_config, load, parallel, table, write

from mtlite.data.cache import (
    FEATURES,
    cached_arrays,
    cached_rows,
    digest_of,
    join,
    keep_rows,
    known_digest,
    pairs_of,
)
from mtlite.data.corpus import load_corpus
from mtlite.data.readers import Pair
from mtlite.errors import DataError, RunError
from mtlite.storage.cache import the_cache

pytestmark = pytest.mark.usefixtures("cache")


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", Path(write(tmp_path / "file", "")) / "cache")
    with pytest.raises(DataError, match=r"cannot write the corpus to .*HF_DATASETS_CACHE"):
        load(tmp_path, **parallel(tmp_path, PAIRS))


def test_swapped_column_names(tmp_path):
    datasets.Dataset.from_list([{"source": "s", "target": "t"}]).save_to_disk(tmp_path / "saved")
    corpus = load(tmp_path, pairs=str(tmp_path / "saved"), source_column="target", target_column="source")
    assert list(pairs_of(corpus.train)) == [("t", "s")]


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(tmp_path, monkeypatch):
    paths = parallel(tmp_path, [("a", "b")])
    times = os.stat(paths["source"])
    first = load(tmp_path, **paths).train
    assert load(tmp_path, **paths).train.cache_files == first.cache_files
    write(tmp_path / "train.de", "c\n")
    os.utime(paths["source"], ns=(times.st_atime_ns, times.st_mtime_ns))
    assert list(pairs_of(load(tmp_path, **paths).train)) == [("c", "b")]
    assert list(pairs_of(first)) == [("a", "b")]


def test_an_altered_folder_is_not_mistaken_for_what_it_was(tmp_path):
    """`datasets` finds its cache by a fingerprint that a saved folder states itself."""
    found: list[list[list[Pair]]] = []
    for word in ("first", "second"):
        folder = tmp_path / word
        pairs = [(f"{word} {number}", f"b {number}") for number in range(40)]
        datasets.Dataset(table(pairs)).save_to_disk(folder)
        if found:
            (folder / "state.json").write_bytes((tmp_path / "first" / "state.json").read_bytes())
        corpus = load_corpus(data_config(pairs=str(folder), held_out=3))
        parts = [sorted(pairs_of(part)) for part in (corpus.train, corpus.dev, corpus.tests["test"])]
        assert sorted(itertools.chain(*parts)) == sorted(pairs)
        found.append(parts)
    assert found[0][1] != [(source.replace("second", "first"), target) for source, target in found[1][1]]


class TestCachedArrays:
    def test_they_are_computed_once_for_a_key(self):
        made = []

        def make():
            made.append(1)
            return {"numbers": np.arange(3)}

        for _ in range(2):
            assert cached_arrays(["a", "b"], make)["numbers"].tolist() == [0, 1, 2]
        cached_arrays(["ab"], make)
        assert len(made) == 2

    def test_another_version_of_the_program_computes_them_anew(self, monkeypatch):
        cached_arrays(["a"], lambda: {"old": np.arange(3)})
        monkeypatch.setattr("mtlite.data.cache.__version__", "another")
        assert list(cached_arrays(["a"], lambda: {"new": np.arange(3)})) == ["new"]

    def test_what_is_made_from_an_entry_of_another_key_is_not_believed(self):
        for key in ("a", "b"):
            cached_arrays(["arrays", key], lambda: {"numbers": np.arange(3)})
        first, second = (entry.path for entry in the_cache().entries())
        (first / "arrays.safetensors").write_bytes((second / "arrays.safetensors").read_bytes() + b" ")
        made = [list(cached_arrays(["arrays", key], lambda: {"again": np.arange(3)})) for key in ("a", "b")]
        assert made.count(["again"]) == 1

    def test_a_full_disk(self, monkeypatch):
        def fail(*_):
            raise RunError("no space left")

        monkeypatch.setattr("mtlite.data.cache.save_arrays", fail)
        with pytest.raises(DataError, match=r"no space left; the cache is in .*HF_DATASETS_CACHE"):
            cached_arrays(["a"], lambda: {})


class TestKeys:
    """Whatever the content depends on makes another entry."""

    def rows(self, what="pairs", key=("a",), features=FEATURES):
        return cached_rows(what, key, features, lambda: iter([table(PAIRS)]))._fingerprint

    @pytest.mark.parametrize(
        "changed",
        [
            {"what": "other"},
            {"key": ("b",)},
            {"key": ("a", "")},
            {"features": datasets.Features(dict.fromkeys(FEATURES, datasets.Value("large_string")))},
        ],
    )
    def test_of_rows(self, changed):
        assert self.rows() == self.rows() != self.rows(**changed)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("__version__", "another"),
            ("_rules", lambda: "other source"),
            ("version", lambda package: "2"),
            ("unicodedata.unidata_version", "1"),
        ],
    )
    def test_of_what_makes_it(self, name, value, monkeypatch):
        before = self.rows()
        monkeypatch.setattr(f"mtlite.data.cache.{name}", value)
        assert self.rows() != before

    def test_types_of_columns_are_kept_apart(self):
        """The two have the same sentences, and the same digest."""
        keep = np.arange(len(PAIRS)) % 2 == 0
        wide = table(PAIRS).cast(pa.schema({"source": pa.large_string(), "target": pa.large_string()}))
        for pairs in map(datasets.Dataset, (table(PAIRS), wide)):
            pairs._fingerprint = digest_of(pairs)
            assert keep_rows(pairs, keep).features == pairs.features

    def test_the_same_text_is_one_entry_wherever_it_lies(self, tmp_path):
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            load(tmp_path / name, **parallel(tmp_path / name, PAIRS))
        assert [entry.what for entry in the_cache().entries()] == ["pairs", "pairs"]  # the second is the held-out one

    def test_a_list_says_what_an_entry_was_made_from(self, tmp_path):
        paths = parallel(tmp_path, PAIRS)
        kept = keep_rows(load(tmp_path, **paths).train, np.arange(len(PAIRS)) % 2 == 0)
        known_digest(kept)
        origins = {entry.what: entry.origin for entry in the_cache().entries() if "held" not in entry.origin}
        assert origins == dict.fromkeys(["pairs", "a part of the pairs", "fingerprint"], "train.de, train.en")


def test_long_lines_are_written_in_small_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("mtlite.data.cache._CHARACTERS_AT_ONCE", 1000)
    pairs = [(f"{number} " * 100, "b") for number in range(30)]
    train = load(tmp_path, **parallel(tmp_path, pairs)).train
    assert list(pairs_of(train)) == [(source.rstrip("\n"), target) for source, target in pairs]
    assert len(train.data.to_batches()) > 5


def test_no_pairs_at_all(tmp_path):
    assert len(cached_rows("pairs", ["none"], FEATURES, lambda: iter(()))) == 0


def test_a_corpus_that_cannot_be_read_is_not_taken_for_a_full_disk():
    def tables():
        yield table(PAIRS)
        raise pa.ArrowInvalid("bad offsets")

    with pytest.raises(DataError, match="the corpus cannot be read: bad offsets"):
        cached_rows("pairs", ["a"], FEATURES, tables)
    assert the_cache().entries() == []


class TestRows:
    def test_those_that_are_kept_stay_in_order_and_contiguous(self):
        pairs = datasets.Dataset(table([(f"a {number}", "b") for number in range(25_000)]))
        keep = np.arange(25_000) % 3 == 0
        kept = keep_rows(pairs, keep)
        assert kept["source"][:] == [f"a {number}" for number in range(0, 25_000, 3)]
        assert kept._indices is None
        assert keep_rows(pairs, keep).cache_files == kept.cache_files
        assert keep_rows(pairs, np.ones(25_000, bool)) is pairs

    def test_joined_ones_have_a_fingerprint_of_their_own(self):
        first, second = (datasets.Dataset(table([(name, name)])) for name in ("a", "b"))
        assert join([first]) is first
        both = join([first, second])
        assert list(pairs_of(both)) == [("a", "a"), ("b", "b")]
        assert both._fingerprint == join([first, second])._fingerprint != join([second, first])._fingerprint

    def test_strings_of_another_width_are_joined(self, tmp_path):
        wide = table(PAIRS).cast(pa.schema({"source": pa.large_string(), "target": pa.large_string()}))
        datasets.Dataset(wide).save_to_disk(tmp_path / "wide")
        before = sorted(path.name for path in (tmp_path / "wide").iterdir())
        both = join([datasets.load_from_disk(tmp_path / "wide"), datasets.Dataset(table(PAIRS))])
        assert list(pairs_of(both)) == PAIRS * 2
        assert sorted(path.name for path in (tmp_path / "wide").iterdir()) == before

    def test_the_digest_is_that_of_the_sentences_and_their_order(self):
        pairs = [(f"a {number}", "ä" * (number % 5)) for number in range(12_000)]
        whole = datasets.Dataset(table(pairs))
        parts = join([datasets.Dataset(table(pairs[:5_000])), datasets.Dataset(table(pairs[5_000:]))])
        assert digest_of(whole) == digest_of(parts) == digest_of(whole.select(range(12_000)))
        for other in (
            pairs[::-1],
            [*pairs[:-1], ("a", "b")],
            pairs[1:],
        ):
            assert digest_of(datasets.Dataset(table(other))) != digest_of(whole)
