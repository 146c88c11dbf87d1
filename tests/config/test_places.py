"""Paths in full: which options are paths, and what stays as it is."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from mtlite.config.options import Config, CorpusConfig, DataConfig, ModelConfig, TokenizerConfig, TrainingConfig
from mtlite.config.places import in_full, is_on_hub, is_same_elsewhere, moved, paths_of

HERE = Config(
    data=DataConfig(
        train=[CorpusConfig("a.en", "a.de"), CorpusConfig(pairs="../b.tsv"), CorpusConfig(dataset="someone/captions")],
        dev=CorpusConfig(pairs="/elsewhere/dev.tsv"),
        test=CorpusConfig(dataset="saved", split="test"),
        tests={"long": CorpusConfig("long.en", "long.de"), "new": CorpusConfig(split="new")},
    ),
    tokenizer=TokenizerConfig(source_model="s.model", target_model="t.model"),
    training=TrainingConfig(start_from="runs/a"),
)


def test_every_path_is_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    (home / "saved").mkdir(parents=True)
    monkeypatch.chdir(home)
    full = in_full(HERE)
    assert full.data.train == [
        CorpusConfig(f"{home}/a.en", f"{home}/a.de"),
        CorpusConfig(pairs=f"{tmp_path}/b.tsv"),
        CorpusConfig(dataset="someone/captions"),
    ]
    assert full.data.dev == HERE.data.dev
    assert full.data.test == CorpusConfig(dataset=f"{home}/saved", split="test")
    assert full.data.tests == {
        "long": CorpusConfig(f"{home}/long.en", f"{home}/long.de"),
        "new": CorpusConfig(split="new"),
    }
    assert full.training.start_from == f"{home}/runs/a"
    assert (full.tokenizer.model, full.tokenizer.source_model) == (None, f"{home}/s.model")
    monkeypatch.chdir(tmp_path)
    assert in_full(full) == full
    assert in_full(Config()) == Config()
    assert is_same_elsewhere(full, in_full(HERE)) is False  # `saved` is no folder here, but a name on the Hub
    (tmp_path / "saved").mkdir()
    assert is_same_elsewhere(full, in_full(HERE))


def test_what_else_differs_is_another_configuration() -> None:
    others = [
        dataclasses.replace(HERE, seed=2),
        dataclasses.replace(HERE, model=ModelConfig(units=6)),
        dataclasses.replace(HERE, tokenizer=TokenizerConfig()),
        dataclasses.replace(HERE, data=dataclasses.replace(HERE.data, train=HERE.data.train[:2])),
        dataclasses.replace(HERE, data=dataclasses.replace(HERE.data, dev=CorpusConfig("a", "b"))),
        dataclasses.replace(HERE, data=dataclasses.replace(HERE.data, dev=CorpusConfig())),
    ]
    assert [is_same_elsewhere(HERE, other) for other in others] == [False] * len(others)


def test_an_address_on_the_hub_is_left_as_it_is():
    start = "hf://user/name@v1"
    assert is_on_hub(start)
    assert not is_on_hub("runs/hf")
    config = dataclasses.replace(HERE, training=TrainingConfig(start_from=start))
    assert in_full(config).training.start_from == start


def test_paths_are_listed_once_and_moved() -> None:
    training, others = ["a.en", "a.de", "../b.tsv"], ["/elsewhere/dev.tsv", "long.en", "long.de", "runs/a"]
    assert sorted(paths_of(HERE)) == sorted([*training, *others, "s.model", "t.model"])
    there = moved(HERE, {"a.en": "/there/a.en", "s.model": "/there/s.model"})
    assert there.data.train[0] == CorpusConfig("/there/a.en", "a.de")
    assert there.tokenizer.source_model == "/there/s.model"
    assert is_same_elsewhere(HERE, there)
