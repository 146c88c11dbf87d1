"""`card/hub_results.py`: the Hub's own reader finds the scores of a run, where a test set is one of the Hub."""

from __future__ import annotations

import dataclasses
import shutil

import huggingface_hub
import pytest
import yaml

from mtlite.card.card import write_card
from mtlite.card.hub_results import HUB_RESULTS
from mtlite.config.options import CorpusConfig
from mtlite.errors import RunError
from mtlite.storage.run_directory import Run
from mtlite.translation.loading import load_tokenizers
from mtlite.translation.result import read_result


@pytest.fixture
def run(tiny_run, tmp_path):
    return Run.open(shutil.copytree(tiny_run, tmp_path / "tiny"))


def write(run, train, test):
    data = dataclasses.replace(run.config.data, train=[train], test=test)
    run.config = dataclasses.replace(run.config, data=data)
    write_card(run, load_tokenizers(run))
    return run.path / HUB_RESULTS


@pytest.mark.parametrize("split", ["test", None])
def test_a_score_on_a_set_of_the_hub_is_read_by_the_hub(run, split):
    name = "bentrevett/multi30k"
    own = CorpusConfig(dataset=None if split else name, split=split)
    path = write(run, CorpusConfig(dataset=name), own)
    parse = getattr(huggingface_hub, "parse_eval_result_entries", None)
    if parse is None:
        pytest.skip("this huggingface_hub does not know the format")
    (entry,) = parse(yaml.safe_load(path.read_text(encoding="utf-8")))
    scores = read_result(run).tests["test"]
    assert (entry.dataset_id, entry.task_id, entry.value) == (name, split or "default", scores.bleu.score)
    assert scores.bleu.signature in entry.notes
    assert path.read_text(encoding="utf-8").startswith("# Written by mtlite")


def test_no_file_for_sets_that_lie_elsewhere(run, tmp_path):
    for place in (CorpusConfig(dataset=str(tmp_path)), CorpusConfig(source="a.en", target="a.de")):
        assert not write(run, place, CorpusConfig(split="test") if place.dataset else place).exists()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_folder_of_the_run_is_left_alone(run, kind, tmp_path):
    folder = run.path / HUB_RESULTS.split("/")[0]
    folder.write_text("mine") if kind == "file" else folder.symlink_to(tmp_path)
    with pytest.raises(RunError, match=r"cannot make .*eval_results|leads out of the run"):
        write(run, CorpusConfig(dataset="bentrevett/multi30k"), CorpusConfig(split="test"))
    assert not (tmp_path / "mtlite.yaml").exists()
