import copy
import dataclasses

import pytest

from mtlite.config.options import Config, ModelConfig, TokenizerConfig, TrainingConfig
from mtlite.config.recipe import check
from mtlite.config.resolve import choose_budget, choose_sizes


def open_values(config):
    return [
        name
        for section in (config.tokenizer, config.model, config.training)
        for name, value in dataclasses.asdict(section).items()
        if value is None and not name.endswith("model")  # no model file is given
    ]


@pytest.mark.parametrize("pairs", [1, 25, 3_000, 3_001, 29_000, 10**5, 10**6, 10**8])
def test_everything_is_settled_and_can_be_used(pairs):
    config, chosen = choose_sizes(Config(), pairs)
    config, more = choose_budget(config, tokens=pairs * 30, batches=max(1, pairs // 100))
    assert open_values(config) == []
    check(config)
    named = {line.split()[0] for line in chosen + more}
    assert named == {
        "tokenizer.vocabulary_size",
        "model.units",
        "model.embedding_size",
        "model.dropout",
        "training.max_updates",
        "training.validate_every",
    }
    assert config.training.warmup_updates < config.training.max_updates


def test_larger_corpora_get_larger_models():
    sizes = [choose_sizes(Config(), pairs)[0] for pairs in (1_000, 10_000, 30_000, 100_000, 10**6, 10**7)]
    for name in ("units", "embedding_size"):
        values = [getattr(config.model, name) for config in sizes]
        assert values == sorted(values)
        assert values[0] < values[-1]
    vocabularies = [config.tokenizer.vocabulary_size for config in sizes]
    assert vocabularies == sorted(set(vocabularies))
    dropouts = [config.model.dropout for config in sizes]
    assert dropouts == sorted(dropouts, reverse=True)


def test_what_the_user_says_stands():
    given = Config(
        tokenizer=TokenizerConfig(vocabulary_size=77),
        model=ModelConfig(units=10, embedding_size=3, dropout=0.0, embedding_dropout=0.5, bidirectional=True),
        training=TrainingConfig(max_updates=5, warmup_updates=4, validate_every=3, save_every=2),
    )
    before = copy.deepcopy(given)
    config, chosen = choose_sizes(given, 30_000)
    config, more = choose_budget(config, 10**6, 300)
    assert (config, chosen, more) == (before, [], [])
    assert given == before


def test_one_choice_follows_another():
    config, _ = choose_sizes(Config(model=ModelConfig(units=64, dropout=0.4)), 30_000)
    assert config.model.embedding_size == 32
    assert config.model.embedding_dropout == 0.4
    config, _ = choose_sizes(Config(model=ModelConfig(units=1, bidirectional=False)), 30_000)
    assert config.model.embedding_size == 1
    config, _ = choose_budget(Config(training=TrainingConfig(max_updates=200)), 10**6, 300)
    training = config.training
    assert (training.warmup_updates, training.validate_every, training.save_every) == (20, 20, 20)


@pytest.mark.parametrize(("accumulate", "updates"), [(1, 6000), (3, 2000)])
def test_accumulated_batches_make_fewer_updates(accumulate, updates):
    config, _ = choose_budget(Config(training=TrainingConfig(accumulate=accumulate)), 10**6, 300)
    assert config.training.max_updates == updates


def test_the_budget_has_bounds():
    small, _ = choose_budget(Config(), 100, 1)
    assert small.training.max_updates == 300
    huge, _ = choose_budget(Config(), 10**9, 10**6)
    assert huge.training.max_updates == 3 * 10**6
