"""A configuration with nothing open: what the user left open is chosen from the size of the corpus."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NamedTuple

from mtlite.config.length_rules import LengthRules
from mtlite.config.options import (
    BatchTokens,
    Config,
    Layers,
    LearningRate,
    ModelConfig,
    Positive,
    Size,
    TokenizerConfig,
    TrainingConfig,
)
from mtlite.config.read import Between, Count, Share
from mtlite.limits import MAX_VOCABULARY

_LEARNING_TOKENS = 10_000_000  # source plus target tokens that a training sees, at least as many as three epochs have
_MOST_EPOCHS = 100.0  # small corpora are learnt by heart
_FEWEST_UPDATES = 300

Vocabulary = Annotated[int, Between(4, MAX_VOCABULARY)]


@dataclass(frozen=True, kw_only=True)
class ResolvedTokenizer(TokenizerConfig):
    """`TokenizerConfig` with nothing open: `field()` takes the default away."""

    vocabulary_size: Vocabulary = field()


@dataclass(frozen=True, kw_only=True)
class ResolvedModel(ModelConfig):
    """`ModelConfig` with nothing open."""

    embedding_size: Size = field()
    units: Size = field()
    layers: Layers = field()
    bidirectional: bool = field()
    dropout: Share = field()
    embedding_dropout: Share = field()


@dataclass(frozen=True, kw_only=True)
class ResolvedTraining(TrainingConfig):
    """`TrainingConfig` with nothing open."""

    max_updates: Positive = field()
    batch_tokens: BatchTokens = field()
    learning_rate: LearningRate = field()
    warmup_updates: Count = field()
    validate_every: Positive = field()
    save_every: Positive = field()


@dataclass(frozen=True, kw_only=True)
class ResolvedConfig(Config):
    """`Config` with nothing open."""

    tokenizer: ResolvedTokenizer
    model: ResolvedModel
    training: ResolvedTraining


@dataclass(frozen=True, kw_only=True)
class TopologyConfig(ResolvedModel):
    """All that a model is built from: its options, and what a training learns from its corpus."""

    source_vocabulary: Vocabulary
    target_vocabulary: Vocabulary
    joint: bool  # one vocabulary for both sides, and so one table of embeddings
    lengths: LengthRules
    precision: Literal["float32", "bfloat16"] = "float32"  # of products; weights, states, softmax, loss are float32

    @classmethod
    def of(cls, model: ResolvedModel, **corpus: Any) -> TopologyConfig:
        """Join the options of a model with what its corpus says."""
        return cls(**vars(model), **corpus)


@dataclass
class Choices:
    """What was chosen for the user, as `model.units 256`."""

    said: list[str] = field(default_factory=list)

    def __call__(self, name: str, asked: Any, chosen: Any) -> Any:
        """Return what was asked for, or else what is chosen."""
        if asked is not None:
            return asked
        self.said.append(f"{name} {chosen}")
        return chosen


class _Chosen(NamedTuple):
    """What a corpus of so many training pairs gets."""

    most_pairs: float
    vocabulary_size: int
    layers: int
    units: int
    dropout: float
    batch_tokens: int
    learning_rate: float


_BY_SIZE = (
    _Chosen(3_000, 1_000, 1, 128, 0.3, 500, 0.006),
    _Chosen(15_000, 2_000, 1, 256, 0.3, 1000, 0.006),
    _Chosen(50_000, 6_000, 2, 256, 0.3, 2000, 0.006),
    _Chosen(200_000, 8_000, 2, 256, 0.1, 2000, 0.006),
    _Chosen(2_000_000, 12_000, 2, 512, 0.1, 4000, 0.003),
    _Chosen(float("inf"), 16_000, 2, 768, 0.1, 4000, 0.002),
)


def _chosen_for(pairs: int) -> _Chosen:
    return next(row for row in _BY_SIZE if pairs <= row.most_pairs)


def choose_sizes(config: Config, pairs: int, choices: Choices | None = None) -> tuple[ResolvedTokenizer, ResolvedModel]:
    """Fill in vocabulary size, layers, units, embedding size, directions and dropout from the pairs after cleaning."""
    choose, model, by_size = choices or Choices(), config.model, _chosen_for(pairs)
    vocabulary = choose("tokenizer.vocabulary_size", config.tokenizer.vocabulary_size, by_size.vocabulary_size)
    layers = choose("model.layers", model.layers, by_size.layers)
    units = choose("model.units", model.units, by_size.units)
    embedding_size = choose("model.embedding_size", model.embedding_size, max(1, units // 2))
    dropout = choose("model.dropout", model.dropout, by_size.dropout)
    chosen = {"layers": layers, "units": units, "embedding_size": embedding_size, "dropout": dropout}
    chosen["embedding_dropout"] = dropout if model.embedding_dropout is None else model.embedding_dropout
    chosen["bidirectional"] = model.reads_both_ways
    tokenizer = ResolvedTokenizer(**vars(config.tokenizer) | {"vocabulary_size": vocabulary})
    return tokenizer, ResolvedModel(**vars(model) | chosen)


def choose_budget(
    training: TrainingConfig, pairs: int, tokens: int, choices: Choices | None = None
) -> ResolvedTraining:
    """Fill in batches, learning rate, updates, warm-up, validations and saves.

    They follow from the pairs after cleaning, and from the source plus target tokens of an epoch.
    """
    choose, by_size = choices or Choices(), _chosen_for(pairs)
    batch_tokens = choose("training.batch_tokens", training.batch_tokens, by_size.batch_tokens)
    learning_rate = choose("training.learning_rate", training.learning_rate, by_size.learning_rate)
    seen = min(max(3.0 * tokens, _LEARNING_TOKENS), _MOST_EPOCHS * tokens)
    updates = max(_FEWEST_UPDATES, round(seen / batch_tokens / training.accumulate / 100) * 100)
    updates = choose("training.max_updates", training.max_updates, updates)
    every = choose("training.validate_every", training.validate_every, max(1, -(-updates // 10)))
    chosen = {"batch_tokens": batch_tokens, "learning_rate": learning_rate, "max_updates": updates}
    chosen |= {"validate_every": every, "save_every": training.save_every or every}
    chosen["warmup_updates"] = min(1000, updates // 10) if training.warmup_updates is None else training.warmup_updates
    return ResolvedTraining(**vars(training) | chosen)


def resolved(
    config: Config, tokenizer: ResolvedTokenizer, model: ResolvedModel, training: ResolvedTraining
) -> ResolvedConfig:
    """Put the resolved sections into a configuration."""
    sections = {"tokenizer": tokenizer, "model": model, "training": training}
    return ResolvedConfig(**vars(config) | sections | {"search": config.search.fitting(model.topology)})
