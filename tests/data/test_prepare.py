import random

import numpy as np
import pytest
from samples import changed, number_pairs, write_pairs

from mtlite.config.length_rules import LengthRules
from mtlite.config.options import Config, CorpusConfig, DataConfig, TokenizerConfig
from mtlite.config.resolve import ResolvedConfig
from mtlite.data.batches import Batches
from mtlite.data.prepare import data_report, prepare
from mtlite.data.tokenizer_training import train_tokenizers
from mtlite.errors import DataError, RunError, UsageError
from mtlite.storage.cache import the_cache

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def config(tmp_path):
    pairs = number_pairs(90, seed=6)
    return Config(
        data=DataConfig(
            train=[CorpusConfig(**write_pairs(tmp_path, "train", pairs[:80]))],
            dev=CorpusConfig(**write_pairs(tmp_path, "dev", [*pairs[80:85], ("eight X", "acht XY")])),
            test=CorpusConfig(**write_pairs(tmp_path, "test", pairs[85:])),
        ),
        tokenizer=TokenizerConfig(vocabulary_size=40),
    )


def prepared(config):
    return prepare(config, lambda line: None)


def reported_batches(ready):
    """The batches of an epoch, as the report says them."""
    (line,) = (line for line in data_report(ready) if "batches an epoch" in line)
    return int(line.split()[0].replace(",", ""))


def test_nothing_is_left_open(config):
    ready = prepared(config)
    assert isinstance(ready.config, ResolvedConfig)
    assert (ready.config.training.max_updates, ready.config.training.precision) == (300, "auto")
    assert len(ready.encoded) == len(ready.lengths) == len(ready.corpus.train) == 80
    assert ready.rules == LengthRules.fit(ready.lengths)


def test_what_a_model_is_built_from(config):
    ready = prepared(changed(config, training={"precision": "bfloat16"}, model={"units": 34}))
    built = ready.topology_config()
    assert (built.units, built.embedding_size, built.precision) == (34, 17, "bfloat16")
    assert (built.source_vocabulary, built.target_vocabulary, built.joint) == (40, 40, True)
    assert built.lengths == ready.rules


def test_what_is_resolved_stays_as_it_is(config):
    ready = prepared(config)
    said: list[str] = []
    again = prepare(ready.config, said.append, ready.tokenizers)
    assert again.config == ready.config
    assert again.tokenizers is ready.tokenizers
    assert not any("chosen from the corpus size" in line for line in said)


def test_the_tokenizer_sees_a_sample_drawn_by_the_seed_of_the_data(config, monkeypatch):
    seen = []

    def spy(options, pairs):
        seen.append(list(pairs))
        return train_tokenizers(options, iter(seen[-1]))

    monkeypatch.setattr("mtlite.data.prepare.train_tokenizers", spy)
    for sentences, seed, byte_fallback in ((80, 1, False), (20, 1, False), (20, 1, True), (20, 2, False)):
        tokenizer = {"sample_sentences": sentences, "byte_fallback": byte_fallback, "vocabulary_size": 300}
        prepared(changed(config, data={"seed": seed}, tokenizer=tokenizer))
    assert [len(pairs) for pairs in seen] == [80, 20, 20, 20]
    assert seen[1] == seen[2]
    assert seen[1] != seen[3]
    assert set(seen[1]) <= set(seen[0])
    assert seen[1] == [pair for pair in seen[0] if pair in set(seen[1])]  # in the order of the corpus


@pytest.fixture
def nothing_again(monkeypatch):
    """Makes whatever is computed a second time fail."""

    def forbid():
        for name in ("prepare.train_tokenizers", "cleaning._apply_rules", "splits._hashes", "encoding._encode"):
            monkeypatch.setattr(f"mtlite.data.{name}", lambda *_: pytest.fail("done again"))

    return forbid


@pytest.mark.parametrize("seed", [1, 2])
def test_a_second_start_does_nothing_again_whatever_the_seed_of_the_training(config, nothing_again, seed):
    config = changed(config, data={"test": CorpusConfig()}, tokenizer={"sample_sentences": 20})
    first = prepared(config)
    nothing_again()
    again = prepared(changed(config, seed=seed))
    assert again.fingerprint == first.fingerprint
    assert again.cleaning == first.cleaning
    assert again.tokenizers.source.model == first.tokenizers.source.model
    assert again.encoded["target_ids"] == first.encoded["target_ids"]
    assert list(again.corpus.tests["test"]["source"]) == list(first.corpus.tests["test"]["source"])


def test_what_is_kept_belongs_to_its_options(config):
    config = changed(config, data={"test": CorpusConfig()})
    first = prepared(config)
    assert len(prepared(changed(config, tokenizer={"vocabulary_size": 30})).tokenizers.source) == 30
    other = prepared(changed(config, data={"seed": 2})).corpus
    assert set(other.tests["test"]["source"]) != set(first.corpus.tests["test"]["source"])


def test_the_vocabulary_size_of_a_given_model_is_its_own(config, tmp_path):
    first = prepared(config)
    (tmp_path / "a.model").write_bytes(first.tokenizers.source.model)
    config = changed(config, tokenizer=TokenizerConfig(model=str(tmp_path / "a.model")))
    said: list[str] = []
    again = prepare(config, said.append)
    assert again.config.tokenizer.vocabulary_size == len(first.tokenizers.source) == 40
    assert not any("tokenizer.vocabulary_size" in line for line in said)
    # The resolved configuration of a run can be asked for.
    assert prepared(again.config).config == again.config


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"model": "missing.model"}, RunError),
        ({"source_model": "missing.model"}, UsageError),
    ],
)
def test_a_tokenizer_that_cannot_be_is_refused_before_the_corpus_is_read(config, monkeypatch, options, error):
    monkeypatch.setattr("mtlite.data.prepare.load_corpus", lambda *_: pytest.fail("the corpus is read"))
    with pytest.raises(error):
        prepared(changed(config, tokenizer=TokenizerConfig(**options)))


def entries():
    """The files of all entries of the cache, by what they are."""
    return [(entry.what, path) for entry in the_cache().entries() for path in sorted(entry.path.iterdir())]


def facts_of(found):
    return (
        found.cleaning,
        found.tokenizers.source.model,
        found.fingerprint,
        found.encoded[:],
        found.lengths.tolist(),
        {name: pairs[:] for name, pairs in found.corpus.held_out.items()},
    )


@pytest.mark.parametrize("damage", ["flip", "cut"])
def test_every_damaged_file_of_the_cache_is_made_anew_with_a_notice(config, damage, capfd):
    """An altered id or reference would be trained on, or scored against, without anybody noticing."""
    draw = random.Random(damage)
    first = facts_of(prepared(config))
    assert {what for what, _ in entries()} >= {"pairs", "cleaning", "tokenizers", "encoded pairs", "fingerprint"}
    capfd.readouterr()
    for what, path in entries():
        content = bytearray(path.read_bytes())
        if damage == "flip":
            content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        path.write_bytes(content if damage == "flip" else content[:-1])
        assert facts_of(prepared(config)) == first
        (said,) = capfd.readouterr().err.splitlines()
        assert what in said
        assert str(path.parent) in said
        assert "made again" in said
    assert facts_of(prepared(config)) == first
    assert capfd.readouterr().err == ""


def test_the_cache_does_not_grow_with_the_seed(config):
    prepared(config)
    before = [path for _, path in entries()]
    prepared(changed(config, seed=7, data={"seed": 7}, tokenizer={"sampling": 0.1}))
    assert [path for _, path in entries()] == before
    prepared(changed(config, data={"seed": 7}, tokenizer={"sample_sentences": 10}))
    assert len(entries()) > len(before)


def test_a_dev_set_with_a_line_break(config, tmp_path):
    (tmp_path / "dev.csv").write_text('source,target\none,eins\n"two\nx",zwei\n')
    with pytest.raises(DataError, match=r"data\.dev: .* received a line break in the source of pair 2"):
        prepared(changed(config, data={"dev": CorpusConfig(pairs=str(tmp_path / "dev.csv"))}))


def test_pairs_with_line_breaks_are_not_split_off(config, tmp_path):
    rows = [
        f'"one {number}\nx","eins {number}"' if number % 2 else f"one {number},eins {number}" for number in range(90)
    ]
    (tmp_path / "pairs.csv").write_text("\n".join(["source,target", *rows]) + "\n")
    data = DataConfig(train=[CorpusConfig(pairs=str(tmp_path / "pairs.csv"))], held_out=4)
    corpus = prepared(changed(config, data=data)).corpus
    for part in (corpus.dev, corpus.tests["test"]):
        assert len(part) == 4
        assert not any("\n" in line for line in part["source"])


def test_batches_of_a_large_corpus_are_counted_on_a_part_of_it(config, monkeypatch):
    ready = prepared(changed(config, training={"batch_tokens": 100}))
    exact = reported_batches(ready)
    monkeypatch.setattr("mtlite.data.prepare.POOL_PAIRS", 40)
    assert reported_batches(ready) == pytest.approx(exact, rel=0.2)


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
    for budget in (10, 100, 1000):
        ready = prepared(changed(config, training={"batch_tokens": budget}))
        batches = sum(1 for _ in Batches(ready.encoded, ready.tokenizers, budget, 1).epoch(0))
        assert reported_batches(ready) == pytest.approx(batches, rel=0.1, abs=1)
    assert np.all(ready.lengths > -1)


def test_whole_words_of_a_script_without_spaces_are_warned_of(config, tmp_path):
    train = CorpusConfig(**write_pairs(tmp_path, "thai", [(f"cats {number}", "ฉันชอบแมวมาก") for number in range(30)]))
    for kind, warned in (("word", True), ("char", False)):
        said: list[str] = []
        options = {"train": [train], "source_language": "en", "target_language": "th"}
        prepare(changed(config, data=options, tokenizer={"kind": kind}), said.append)
        assert any("tokenizer.kind word" in line and "Thai" in line for line in said) == warned
