"""What is chosen from the size of the corpus where the user left it open."""

from __future__ import annotations

import copy

from mtlite.config.options import Config
from mtlite.config.registry import both_directions

# training pairs up to → vocabulary, units, dropout
_SIZES = (
    (3_000, 1_000, 128, 0.3),
    (15_000, 2_000, 256, 0.3),
    (50_000, 6_000, 512, 0.3),
    (200_000, 8_000, 512, 0.2),
    (2_000_000, 12_000, 512, 0.1),
    (float("inf"), 16_000, 768, 0.1),
)
_LEARNING_TOKENS = 20_000_000  # source plus target tokens that a training sees, at least as many as three epochs have
_FEWEST_UPDATES = 300


def choose_sizes(config: Config, pairs: int) -> tuple[Config, list[str]]:
    """Fill in vocabulary size, units, embedding size, directions and dropout.

    Args:
        config: with None where the user left a value open.
        pairs: training pairs after cleaning.

    Returns:
        A copy with nothing open in tokenizer and model, and what was chosen, for the user.
    """
    config = copy.deepcopy(config)
    _, vocabulary, units, dropout = next(row for row in _SIZES if pairs <= row[0])
    chosen = []
    if config.tokenizer.vocabulary_size is None:
        config.tokenizer.vocabulary_size = vocabulary
        chosen.append(f"tokenizer.vocabulary_size {vocabulary}")
    if config.model.units is None:
        config.model.units = units
        chosen.append(f"model.units {units}")
    if config.model.embedding_size is None:
        config.model.embedding_size = max(1, config.model.units // 2)
        chosen.append(f"model.embedding_size {config.model.embedding_size}")
    config.model.bidirectional = both_directions(config.model.topology, config.model.bidirectional)
    if config.model.dropout is None:
        config.model.dropout = dropout
        chosen.append(f"model.dropout {dropout}")
    if config.model.embedding_dropout is None:
        config.model.embedding_dropout = config.model.dropout
    return config, chosen


def choose_budget(config: Config, tokens: int, batches: int) -> tuple[Config, list[str]]:
    """Fill in updates, warm-up, validations and saves.

    Args:
        config: with None where the user left a value open.
        tokens: source plus target tokens of an epoch.
        batches: batches of an epoch.
    """
    config = copy.deepcopy(config)
    training = config.training
    chosen = []
    if training.max_updates is None:
        epochs = max(3.0, _LEARNING_TOKENS / max(tokens, 1))
        # Small corpora are learnt by heart long before they have been seen this often.
        updates = min(epochs, 40.0) * batches / training.accumulate
        training.max_updates = max(_FEWEST_UPDATES, round(updates / 100) * 100)
        chosen.append(f"training.max_updates {training.max_updates}")
    if training.warmup_updates is None:
        training.warmup_updates = min(1000, training.max_updates // 10)
    if training.validate_every is None:
        training.validate_every = max(1, -(-training.max_updates // 10))
        chosen.append(f"training.validate_every {training.validate_every}")
    if training.save_every is None:
        training.save_every = training.validate_every
    return config, chosen
