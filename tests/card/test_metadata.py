"""`card/metadata.py`: what the Hub's own classes read is what the run has recorded."""

from __future__ import annotations

import dataclasses
import re

import pytest
import yaml
from huggingface_hub import ModelCard, ModelCardData

from mtlite.card.metadata import hub_name, metadata, yaml_of
from mtlite.config.options import CorpusConfig
from mtlite.storage.run_directory import CARD, Run
from mtlite.translation.result import read_result


@pytest.fixture
def run(tiny_run):
    return Run.open(tiny_run)


def test_the_hub_reads_a_card_as_training_wrote_it(run):
    card, result = ModelCard((run.path / CARD).read_text(encoding="utf-8")), read_result(run)
    assert card.data.language == ["en", "de"]
    assert (card.data.library_name, card.data.pipeline_tag) == ("mtlite", "translation")
    assert card.data.metrics == ["bleu", "chrf", "ter"]
    assert "attention" in card.data.tags
    found = {(each.dataset_name, each.metric_name): each for each in card.data.eval_results}
    assert len(found) == len(card.data.eval_results) == 3 * len(result.tests)
    for test, scores in result.tests.items():
        for label, score in (("BLEU", scores.bleu), ("chrF2", scores.chrf2), ("TER", scores.by_metric["ter"])):
            each = found[test, label]
            assert each.metric_value == score.score
            assert each.metric_args == {
                "signature": score.signature,
                "half of the 95% interval": score.half_width,
            }
            assert each.dataset_args["sentences"] == scores.sentences
            assert each.task_type == "translation"
    assert ModelCardData(**yaml.safe_load(card.data.to_yaml())).to_dict() == card.data.to_dict()


def test_every_test_set_is_a_result_of_its_own(run):
    result = read_result(run)
    scores = result.tests["test"]
    two = dataclasses.replace(result, tests={"test": scores, "test-new": scores})
    (index,) = metadata(run, two, "x").to_dict()["model-index"]
    assert [each["dataset"]["name"] for each in index["results"]] == ["test", "test-new"]


def test_codes_are_those_that_the_hub_knows(run):
    for source, expected in (("eng_Latn", ["en", "de"]), ("zh-TW", ["zh", "de"]), (None, ["de"]), ("xx-none", ["de"])):
        run.facts = dataclasses.replace(run.facts, source_language=source)
        language = metadata(run, read_result(run), "x").language
        assert language == expected
        assert all(re.fullmatch("[a-z]{2,3}", code) for code in language)


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [("bentrevett/multi30k", "bentrevett/multi30k"), ("/data/multi30k", None), ("./a", None), (None, None)],
)
def test_only_a_data_set_of_the_hub_is_named_as_one(dataset, expected):
    assert hub_name(CorpusConfig(dataset=dataset)) == expected


def test_a_test_set_given_by_its_split_is_of_the_data_set_that_is_trained_on(run):
    train, test = CorpusConfig(dataset="bentrevett/multi30k"), CorpusConfig(split="test")
    data = dataclasses.replace(run.config.data, train=[train], test=test)
    run.config = dataclasses.replace(run.config, data=data)
    (index,) = metadata(run, read_result(run), "x").to_dict()["model-index"]
    assert index["results"][0]["dataset"]["type"] == "bentrevett/multi30k"
    assert index["results"][0]["dataset"]["split"] == "test"


def test_keys_of_the_user_are_left_to_him(run):
    data = metadata(run, read_result(run), "x")
    values = yaml.safe_load(yaml_of(data, {"tags", "model-index"}))
    assert not {"tags", "model-index"} & set(values)
    assert values["library_name"] == "mtlite"
