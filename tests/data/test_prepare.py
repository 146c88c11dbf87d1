import dataclasses

import numpy as np
import pytest
from samples import number_pairs, write_pairs

from mtlite.config.options import Config, CorpusConfig, DataConfig, TokenizerConfig
from mtlite.data.batches import Batches
from mtlite.data.cache import cache_folder
from mtlite.data.prepare import count_batches, data_report, prepare
from mtlite.errors import DataError, RunError, UsageError
from mtlite.storage.tensors import load_arrays, save_arrays


@pytest.fixture
def config(tmp_path):
    pairs = number_pairs(90, seed=6)
    return Config(
        data=DataConfig(
            **write_pairs(tmp_path, "train", pairs[:80]),
            dev=CorpusConfig(**write_pairs(tmp_path, "dev", [*pairs[80:85], ("eight X", "acht XY")])),
            test=CorpusConfig(**write_pairs(tmp_path, "test", pairs[85:])),
        ),
        tokenizer=TokenizerConfig(vocabulary_size=40),
    )


def prepared(config):
    return prepare(config, lambda line: None)


def test_nothing_is_left_open_and_the_given_configuration_is_not_changed(config):
    given = config.to_dict()
    ready = prepared(config)
    assert config.to_dict() == given
    assert ready.config.training.max_updates == 300
    assert len(ready.encoded) == len(ready.lengths) == len(ready.corpus.train) == 80


def test_the_tokenizer_sees_a_sample_drawn_by_seed(config, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "mtlite.data.prepare.make_tokenizers",
        lambda options, pairs, size: seen.append(list(pairs)) or ready.make(options, size),
    )
    ready = prepared_tokenizers(config)
    for sentences, seed, byte_fallback in ((80, 1, False), (20, 1, False), (20, 1, True), (20, 2, False)):
        config.tokenizer.sample_sentences, config.seed, config.tokenizer.byte_fallback = sentences, seed, byte_fallback
        prepare(config, lambda line: None)
    assert [len(pairs) for pairs in seen] == [80, 20, 20, 20]
    assert seen[1] == seen[2]
    assert seen[1] != seen[3]
    assert set(seen[1]) <= set(seen[0])
    assert seen[1] == [pair for pair in seen[0] if pair in set(seen[1])]  # in the order of the corpus


def test_a_second_start_does_nothing_again(config, monkeypatch):
    config.data.test = CorpusConfig()  # cut from the training pairs
    first = prepared(config)
    for place in ("prepare.make_tokenizers", "prepare._sample"):
        monkeypatch.setattr(f"mtlite.training.{place}", lambda *_: pytest.fail("done again"))
    for place in ("cleaning.judged", "held_out.hashes_of", "encoding._encode"):
        monkeypatch.setattr(f"mtlite.data.{place}", lambda *_: pytest.fail("done again"))
    again = prepared(config)
    assert again.fingerprint == first.fingerprint
    assert again.cleaning == first.cleaning
    assert again.tokenizers.source.model == first.tokenizers.source.model
    assert again.encoded["target_ids"] == first.encoded["target_ids"]
    assert list(again.corpus.tests["test"]["source"]) == list(first.corpus.tests["test"]["source"])


@pytest.mark.parametrize("change", [{"seed": 2}, {"tokenizer": TokenizerConfig(vocabulary_size=30)}])
def test_what_is_kept_belongs_to_its_options(config, change):
    first = prepared(config)
    other = prepared(dataclasses.replace(config, **change))
    assert (len(other.tokenizers.source) == len(first.tokenizers.source)) == ("seed" in change)


def test_the_vocabulary_size_of_a_given_model_is_its_own(config, tmp_path):
    first = prepared(config)
    (tmp_path / "a.model").write_bytes(first.tokenizers.source.model)
    config.tokenizer = TokenizerConfig(model=str(tmp_path / "a.model"))
    said = []
    again = prepare(config, said.append)
    assert again.config.tokenizer.vocabulary_size == len(first.tokenizers.source) == 40
    assert not any("tokenizer.vocabulary_size" in line for line in said)
    # What it came to can be asked for, as from the resolved.yaml of a run.
    assert prepared(again.config).config == again.config


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"model": "missing.model"}, RunError),
        ({"source_model": "missing.model"}, UsageError),
        ({"kind": "char", "byte_fallback": True}, UsageError),
    ],
)
def test_a_tokenizer_that_cannot_be_is_refused_before_the_corpus_is_read(config, monkeypatch, options, error):
    monkeypatch.setattr("mtlite.data.prepare.load_corpus", lambda *_: pytest.fail("the corpus is read"))
    config.tokenizer = TokenizerConfig(**options)
    with pytest.raises(error):
        prepared(config)


def test_a_damaged_cache_is_made_anew(config):
    first = prepared(config)
    for path in cache_folder().glob("*.safetensors"):
        path.write_bytes(path.read_bytes()[:20])
    assert prepared(config).tokenizers.source.model == first.tokenizers.source.model


def test_a_cache_entry_with_other_content_is_not_believed(config):
    first = prepared(config)
    for path in cache_folder().glob("*.safetensors"):
        try:
            arrays, facts = load_arrays(path)
        except RunError:  # left by another test
            continue
        if "keep" in arrays:
            content = bytearray(path.read_bytes())
            content[-1] ^= 1  # as after a crash of the machine
            path.write_bytes(content)
        else:
            save_arrays(path, {"other": np.zeros(3)}, {**facts, "key": "other"})
    again = prepared(config)
    assert again.cleaning == first.cleaning
    assert again.tokenizers.source.model == first.tokenizers.source.model


def test_a_cache_that_is_full(config, monkeypatch):
    def fail(*_):
        raise RunError("no space left")

    monkeypatch.setattr("mtlite.data.cache.save_arrays", fail)
    config.seed = 77
    config.tokenizer.byte_fallback = True
    with pytest.raises(DataError, match="no space left; the cache is in"):
        prepared(config)


def test_pairs_with_line_breaks_are_not_cut_out(config, tmp_path):
    rows = [
        f'"one {number}\nx","eins {number}"' if number % 2 else f"one {number},eins {number}" for number in range(90)
    ]
    (tmp_path / "pairs.csv").write_text("\n".join(["source,target", *rows]) + "\n")
    config.data = DataConfig(pairs=str(tmp_path / "pairs.csv"), held_out=4)
    corpus = prepared(config).corpus
    for part in (corpus.dev, corpus.tests["test"]):
        assert len(part) == 4
        assert not any("\n" in line for line in part["source"])


def test_batches_of_a_large_corpus_are_counted_on_a_part_of_it(config, monkeypatch):
    lengths = prepared(config).lengths
    exact = count_batches(lengths, 100)
    monkeypatch.setattr("mtlite.data.prepare.POOL_PAIRS", 40)
    assert count_batches(lengths, 100) == pytest.approx(exact, rel=0.2)


def prepared_tokenizers(config):
    """Something that gives the tokenizers of a configuration without training them again."""
    from mtlite.data.tokenizer import make_tokenizers

    made = make_tokenizers(config.tokenizer, iter(number_pairs(80, seed=6)), 40)
    return type("Ready", (), {"make": staticmethod(lambda options, size: made)})


def test_the_fingerprint_is_that_of_the_pairs(config, tmp_path):
    first = prepared(config).fingerprint
    assert prepared(config).fingerprint == first
    path = tmp_path / "train.de"
    path.write_text(path.read_text().replace("eins", "zwo", 1))
    assert prepared(config).fingerprint != first


def test_the_report(config):
    ready = prepared(config)
    report = "\n".join(data_report(ready))
    assert "80 training pairs, 6 dev, 5 test" in report
    assert "vocabulary: 40 pieces for both sides" in report
    assert f"longest {ready.lengths[:, 0].max()}" in report
    # "X" and "Y" do not stand in the corpus; what is unknown in a row is one piece.
    assert "dev: 1 unknown pieces in the source, 1 in the target" in report
    assert "test: " not in report


def test_batches_are_counted_within_a_few(config):
    ready = prepared(config)
    for budget in (10, 100, 1000):
        batches = sum(1 for _ in Batches(ready.encoded, ready.tokenizers, budget, 1).epoch(0))
        assert count_batches(ready.lengths, budget) == pytest.approx(batches, rel=0.1, abs=1)
    assert np.all(ready.lengths > -1)
