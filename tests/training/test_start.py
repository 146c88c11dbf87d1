"""A training that starts from another run."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
from samples import changed, number_pairs, write_pairs

from mtlite.comparison.comparable import group_runs
from mtlite.comparison.outcome import outcome_of
from mtlite.config.options import ModelConfig
from mtlite.config.recipe import as_config
from mtlite.errors import DamagedError, UsageError
from mtlite.storage.run_directory import Run
from mtlite.storage.tensors import load_arrays
from mtlite.storage.training_log import Validated, read_training_log
from mtlite.training.loop import Loop
from mtlite.training.start import start_of
from mtlite.training.train import dry_run, train


@pytest.fixture(scope="module")
def second(tiny_config, tmp_path_factory):
    """A configuration for another, smaller corpus of the same language, and few updates."""
    corpus = write_pairs(tmp_path_factory.mktemp("second"), "train", number_pairs(16, seed=5))
    config = tiny_config(training={"max_updates": 4, "validate_every": 4})
    config = dataclasses.replace(config, model=ModelConfig())  # whatever the other run has
    return changed(config, data={"train": [changed(config.data.train[0], **corpus)]})


@pytest.fixture(scope="module")
def started(second, tiny_run, tmp_path_factory):
    return train(changed(second, training={"start_from": str(tiny_run)}), tmp_path_factory.mktemp("runs") / "started")


def dev_loss(run):
    return [line.dev_loss for line in read_training_log(run.path / "training-log.jsonl") if isinstance(line, Validated)]


def test_it_pays_on_a_small_second_corpus(tiny_config, second, tmp_path):
    options = {"training": {"max_updates": 60, "validate_every": 60, "learning_rate": 0.02}}
    first = train(tiny_config(model={"units": 32, "embedding_size": 32, "dropout": 0.0}, **options), tmp_path / "first")
    started = train(changed(second, training={"start_from": str(first.path)}), tmp_path / "started")
    tokenizer = {f"{side}_model": str(first.path / f"{side}.model") for side in ("source", "target")}
    alone = changed(second, model=dict(vars(first.config.model)), tokenizer={"vocabulary_size": None, **tokenizer})
    alone = train(alone, tmp_path / "alone")
    assert alone.facts.parameters == started.facts.parameters
    assert dev_loss(started)[-1] < 0.9 * dev_loss(alone)[-1]


def test_the_model_and_the_tokenizer_are_taken_over_and_the_optimizer_is_new(started, tiny_run):
    first = Run.open(tiny_run)
    assert started.config.model == first.config.model  # attention in two directions: not what was asked for
    assert started.facts.source_tokenizer == first.facts.source_tokenizer
    assert (started.path / "start.safetensors").read_bytes() == (tiny_run / "best.safetensors").read_bytes()
    assert started.facts.started_from.run == str(tiny_run)
    assert load_arrays(started.path / "last.safetensors")[1]["update"] == 4


def test_weights_begin_as_they_were(second, tiny_run, tmp_path, monkeypatch):
    seen = {}

    def look(self):
        seen.update({f"weights/{weight.path}": weight.numpy() for weight in self.model.weights})
        raise KeyboardInterrupt

    monkeypatch.setattr(Loop, "fit", look)
    with pytest.raises(KeyboardInterrupt):
        train(changed(second, training={"start_from": str(tiny_run)}), tmp_path / "run")
    expected, _ = load_arrays(tiny_run / "best.safetensors")
    assert seen.keys() == expected.keys()
    assert all(np.array_equal(seen[name], expected[name]) for name in seen)


def test_a_resumed_one_needs_the_other_run_no_more(second, started, tiny_run, tmp_path, monkeypatch):
    other, run = tmp_path / "other", tmp_path / "run"
    shutil.copytree(tiny_run, other)
    config = changed(second, training={"start_from": str(other)})
    with monkeypatch.context() as patch:
        patch.setattr(Loop, "fit", lambda self: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            train(config, run)
    shutil.rmtree(other)
    train(config, run, resume=True)
    assert (run / "best.safetensors").read_bytes() == (started.path / "best.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("section", "option", "value"),
    [
        ("model", "topology", "peek"),
        ("model", "units", 16),
        ("model", "layers", 3),
        ("model", "tied_embeddings", False),
        ("tokenizer", "vocabulary_size", 5000),
        ("tokenizer", "kind", "bpe"),
        ("tokenizer", "joint", False),
        ("tokenizer", "source_model", "mine.model"),
    ],
)
def test_what_does_not_fit_the_weights_is_refused(section, option, value, tiny_run):
    config = as_config({f"{section}.{option}": value, "training.start_from": str(tiny_run)})
    start = start_of(config)
    assert start
    with pytest.raises(UsageError) as error:
        start.taken_over(config)
    for part in (f"{section}.{option}", str(tiny_run), "training.start_from", "weights", "leave"):
        assert part in str(error.value)


def test_what_changes_no_weight_may_be_asked_for(tiny_run):
    asked = {"model.dropout": 0.4, "model.word_dropout": 0.2, "tokenizer.sampling": 0.3, "model.units": 8}
    config = as_config({**asked, "training.start_from": str(tiny_run)})
    start = start_of(config)
    assert start
    taken = start.taken_over(config)
    assert (taken.model.dropout, taken.model.word_dropout, taken.tokenizer.sampling) == (0.4, 0.2, 0.3)


def test_a_run_that_is_damaged_is_refused(second, tiny_run, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(tiny_run, other)
    content = bytearray((other / "best.safetensors").read_bytes())
    content[-1] ^= 1
    (other / "best.safetensors").write_bytes(content)
    with pytest.raises(DamagedError, match="checksum"):
        train(changed(second, training={"start_from": str(other)}), tmp_path / "run")
    assert not (tmp_path / "run" / "run.json").exists()


def test_a_comparison_says_it(started, tiny_run):
    outcomes = [outcome_of(Run.open(path)) for path in (started.path, tiny_run)]
    systems, _ = group_runs([str(started.path), str(tiny_run)], outcomes, str(started.path))
    marks = [[mark for mark in system.marks if "started from" in mark] for system in systems]
    assert [len(each) for each in marks] == [1, 0]
    assert str(tiny_run) in marks[0][0]


def test_an_estimate_starts_there_too(second, tiny_run, console, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dry_run(changed(second, training={"start_from": str(tiny_run)}), console)
    assert f"starts from {tiny_run}" in console.file.getvalue()
    assert list(tmp_path.iterdir()) == []
