"""What is left open is chosen from the size of the corpus, and what comes out has nothing open."""

from __future__ import annotations

import dataclasses

import pytest

from mtlite.config.length_rules import LengthRule, LengthRules
from mtlite.config.options import Config, ModelConfig, TokenizerConfig, TrainingConfig
from mtlite.config.read import plain, read_as
from mtlite.config.resolve import (
    Choices,
    ResolvedConfig,
    TopologyConfig,
    choose_budget,
    choose_sizes,
    resolved,
)
from mtlite.errors import UsageError


def resolve(config: Config, pairs: int, choices: Choices | None = None) -> ResolvedConfig:
    tokenizer, model = choose_sizes(config, pairs, choices)
    training = choose_budget(config.training, pairs, tokens=pairs * 30, choices=choices)
    return resolved(config, tokenizer, model, training)


@pytest.mark.parametrize("pairs", [1, 25, 3_000, 3_001, 29_000, 10**5, 10**6, 10**8])
def test_nothing_stays_open_and_it_can_be_used(pairs):
    choices = Choices()
    config = resolve(Config(), pairs, choices)
    assert read_as(ResolvedConfig, config.to_dict(), "here") == config
    assert {line.split()[0] for line in choices.said} == {
        "tokenizer.vocabulary_size",
        "model.layers",
        "model.units",
        "model.embedding_size",
        "model.dropout",
        "training.batch_tokens",
        "training.learning_rate",
        "training.max_updates",
        "training.validate_every",
    }
    assert config.training.warmup_updates < config.training.max_updates


OPEN = [
    *["tokenizer.vocabulary_size", "model.layers", "model.units", "model.embedding_size", "model.bidirectional"],
    *[
        "model.dropout",
        "model.embedding_dropout",
        "training.batch_tokens",
        "training.learning_rate",
        "training.max_updates",
        "training.warmup_updates",
        "training.validate_every",
    ],
    "training.save_every",
]


@pytest.mark.parametrize("name", OPEN)
def test_a_resolved_configuration_with_something_open_is_refused(name):
    values = resolve(Config(), 100).to_dict()
    section, option = name.split(".")
    values[section][option] = None
    with pytest.raises(UsageError, match=f"here: {name}: expected .*, received null"):
        read_as(ResolvedConfig, values, "here")
    del values[section][option]
    with pytest.raises(UsageError, match=f"here: {name}: expected .*, received nothing"):
        read_as(ResolvedConfig, values, "here")


def test_what_a_user_may_leave_open_is_what_is_closed():
    values, left = plain(resolve(Config(), 100)), []
    for section in ("tokenizer", "model", "training"):
        asked = getattr(Config(), section)
        left += [f"{section}.{name}" for name, value in vars(asked).items() if value is None and values[section][name]]
    assert sorted(left) == sorted(OPEN)


def test_larger_corpora_get_larger_models():
    sizes = [choose_sizes(Config(), pairs) for pairs in (1_000, 10_000, 30_000, 100_000, 10**6, 10**7)]
    for name in ("layers", "units", "embedding_size"):
        values = [getattr(model, name) for _, model in sizes]
        assert values == sorted(values)
        assert values[0] < values[-1]
    vocabularies = [tokenizer.vocabulary_size for tokenizer, _ in sizes]
    assert vocabularies == sorted(set(vocabularies))
    dropouts = [model.dropout for _, model in sizes]
    assert dropouts == sorted(dropouts, reverse=True)


def test_larger_corpora_get_larger_batches_and_lower_learning_rates():
    budgets = [choose_budget(TrainingConfig(), pairs, pairs * 30) for pairs in (1_000, 10_000, 30_000, 10**6, 10**7)]
    batches = [training.batch_tokens for training in budgets]
    rates = [training.learning_rate for training in budgets]
    assert batches == sorted(batches)
    assert batches[0] < batches[-1]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > rates[-1]


def test_what_the_user_says_stands():
    given = Config(
        tokenizer=TokenizerConfig(vocabulary_size=77),
        model=ModelConfig(layers=1, units=10, embedding_size=3, dropout=0.0, embedding_dropout=0.5, bidirectional=True),
        training=TrainingConfig(
            batch_tokens=50, learning_rate=0.1, max_updates=5, warmup_updates=4, validate_every=3, save_every=2
        ),
    )
    choices = Choices()
    config = resolve(given, 30_000, choices)
    assert choices.said == []
    assert plain(config) == plain(given)


def test_one_choice_follows_another():
    _, model = choose_sizes(Config(model=ModelConfig(units=64, dropout=0.4)), 30_000)
    assert (model.embedding_size, model.embedding_dropout, model.bidirectional) == (32, 0.4, True)
    _, model = choose_sizes(Config(model=ModelConfig(topology="padded", units=1)), 30_000)
    assert (model.embedding_size, model.bidirectional) == (1, False)
    training = choose_budget(TrainingConfig(max_updates=200), 30_000, 10**6)
    assert (training.warmup_updates, training.validate_every, training.save_every) == (20, 20, 20)


@pytest.mark.parametrize(
    ("batch_tokens", "accumulate", "updates"), [(2000, 1, 5000), (1000, 1, 10000), (1000, 2, 5000)]
)
def test_as_many_tokens_are_seen_with_any_batch(batch_tokens, accumulate, updates):
    training = TrainingConfig(batch_tokens=batch_tokens, accumulate=accumulate)
    assert choose_budget(training, 30_000, 10**6).max_updates == updates


@pytest.mark.parametrize(("tokens", "updates"), [(0, 300), (100, 300), (10**4, 2000), (10**9, 6 * 10**6)])
def test_the_budget_has_bounds(tokens, updates):
    assert choose_budget(TrainingConfig(batch_tokens=500), 1000, tokens).max_updates == updates


def test_what_a_model_is_built_from_goes_through_a_file():
    rules = LengthRules(LengthRule(1.0, 2.0), LengthRule(1.5, -2.0), fixed=7, expansion=2)
    _, model = choose_sizes(Config(), 100)
    config = TopologyConfig.of(model, source_vocabulary=8, target_vocabulary=9, joint=False, lengths=rules)
    assert {name: getattr(config, name) for name in vars(model)} == vars(model)
    assert (config.lengths, config.precision) == (rules, "float32")
    assert read_as(TopologyConfig, plain(config), "here") == config
    with pytest.raises(UsageError, match=r"lengths\.fixed: expected at least 1, received 0"):
        read_as(TopologyConfig, plain(dataclasses.replace(config, lengths=dataclasses.replace(rules, fixed=0))), "here")


@pytest.mark.parametrize(("topology", "beam_size"), [("attention", 5), ("ctc", 5), ("last-n", 1), ("vector-dense", 1)])
def test_what_writes_in_one_pass_is_resolved_without_a_beam(topology, beam_size):
    assert resolve(Config(model=ModelConfig(topology=topology)), 100).search.beam_size == beam_size
