"""What follows from several options."""

from __future__ import annotations

import dataclasses

import pytest

from mtlite.config.options import Config, CorpusConfig, ModelConfig, SearchConfig, TokenizerConfig, refuse_search
from mtlite.config.recipe import config_from
from mtlite.config.registry import TOPOLOGIES
from mtlite.errors import UsageError


def test_options_cannot_be_changed_in_place():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().model.units = 3  # type: ignore[misc]


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_the_source_is_read_in_both_directions_where_a_topology_can(topology):
    able = "bidirectional" in TOPOLOGIES[topology].options
    assert ModelConfig(topology).reads_both_ways is able
    assert ModelConfig(topology, bidirectional=False).reads_both_ways is False


def test_greedy_search_keeps_its_limits():
    search = SearchConfig(beam_size=4, nbest=3, sample=True, max_source_tokens=9, batch_tokens=8)
    assert search.greedy() == SearchConfig(beam_size=1, nbest=1, sample=False, max_source_tokens=9, batch_tokens=8)


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize(
    ("search", "able"),
    [
        (SearchConfig(), lambda entry: True),
        (SearchConfig(nbest=2), lambda entry: entry.ranks),
        (SearchConfig(sample=True), lambda entry: entry.family == "autoregressive"),
    ],
    ids=["the best", "several", "sampling"],
)
def test_a_search_that_a_topology_cannot_have_is_refused(topology, search, able):
    if able(TOPOLOGIES[topology]):
        refuse_search(topology, search)
    else:
        with pytest.raises(UsageError, match=f"topology '{topology}' writes .*expected"):
            refuse_search(topology, search)


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_only_a_topology_that_ranks_hypotheses_has_a_beam(topology):
    search = SearchConfig(beam_size=7, length_penalty=0.5)
    one_pass = topology not in ("many-to-one", "encoder-decoder", "peek", "attention", "ctc")
    assert search.fitting(topology) == (dataclasses.replace(search, beam_size=1) if one_pass else search)
    assert search.in_words(topology) == ("one pass" if one_pass else "beam 7")


def test_sampling_is_no_beam():
    assert SearchConfig(sample=True).in_words("attention") == "sampling"


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ([], "expected at least one of bleu, chrf2"),
        (["bleu", "bleu"], "received bleu twice"),
        (["wer", "per"], "expected wer or per"),
        (["blue"], r"metrics\[1\]: expected one of bleu, chrf2, ter, exact-match, wer, per, cer, received blue"),
        ("wer", "expected a list of names, received wer"),
    ],
)
def test_metrics_are_known_and_each_is_there_once(metrics, said):
    with pytest.raises(UsageError, match=f"evaluation.metrics.*{said}|{said}"):
        config_from({"evaluation": {"metrics": metrics}}, "recipe")
    chosen = config_from({"evaluation": {"metrics": ["per", "exact-match"]}}, "recipe")
    assert chosen.evaluation.metrics == ["per", "exact-match"]
    assert config_from({}, "recipe").evaluation.metrics == ["bleu", "chrf2", "ter"]


def test_what_sums_over_paths_has_no_passes_to_compare():
    assert config_from({"training": {"consistency": 5}, "model": {"topology": "aligned"}}, "recipe")
    with pytest.raises(UsageError, match=r"training\.consistency: topology 'ctc' sums over paths"):
        config_from({"training": {"consistency": 5}, "model": {"topology": "ctc"}}, "recipe")


def test_a_set_given_by_its_split_alone_is_where_the_training_pairs_are():
    train = [{"source": "a", "target": "b"}, {"pairs": "folder"}]
    data = config_from({"data": {"train": train, "dev": {"split": "validation"}}}, "recipe").data
    assert data.given_sets() == {"data.dev": CorpusConfig(pairs="folder", split="validation")}
    sets = {"dev": {"split": "validation"}, "test": {"split": "test", "configuration": "other"}}
    more = {"tests": {"more": {"pairs": "more.tsv", "split": "test"}}}
    data = config_from({"data": {"train": {"dataset": "some", "configuration": "one"}, **sets, **more}}, "recipe").data
    assert data.given_sets() == {
        "data.dev": CorpusConfig(dataset="some", configuration="one", split="validation"),
        "data.test": CorpusConfig(dataset="some", configuration="other", split="test"),
        "data.tests.more": CorpusConfig(pairs="more.tsv", split="test"),
    }
    data = config_from({"data": {"train": {"source": "a", "target": "b"}, "dev": {"split": "dev"}}}, "recipe").data
    assert data.given_sets() == {"data.dev": CorpusConfig(split="dev")}


def test_what_is_allowed_at_its_edge():
    assert SearchConfig(beam_size=3, nbest=3).nbest == 3
    assert TokenizerConfig(kind="bpe", byte_fallback=True).byte_fallback


def test_only_training_corpora_have_a_weight():
    with pytest.raises(UsageError, match=r"data\.tests\.more: expected no weight"):
        config_from({"data": {"tests": {"more": {"pairs": "a.tsv", "weight": 2}}}}, "recipe")
    with pytest.raises(UsageError, match=r"data\.dev: expected no most_pairs"):
        config_from({"data": {"dev": {"pairs": "a.tsv", "most_pairs": 2}}}, "recipe")
    with pytest.raises(UsageError, match=r"data\.train\.weight repeats pairs, which data\.cleaning\.duplicates"):
        config_from({"data": {"train": {"pairs": "a.tsv", "weight": 2}, "cleaning": {"duplicates": True}}}, "recipe")


def test_only_dev_and_test_sets_have_several_references():
    sets = {"source": "a", "target": "b", "references": ["c", "d"]}
    assert config_from({"data": {"test": sets}}, "recipe").data.test.references == ["c", "d"]
    with pytest.raises(UsageError, match=r"data\.train\.references"):
        config_from({"data": {"train": sets}}, "recipe")
