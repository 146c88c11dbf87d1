"""Tokenizers that exist already: SentencePiece models that the configuration names."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from mtlite.config.options import TokenizerConfig
from mtlite.data.tokenizer import Tokenizers, read_tokenizer
from mtlite.errors import UsageError


def existing_tokenizers(config: TokenizerConfig) -> tuple[Tokenizers, TokenizerConfig] | None:
    """The models that are asked for: what is wrong with them is said before a corpus is read.

    Returns:
        The models, and the options with what the models are; None if tokenizers are to be trained.

    Raises:
        UsageError: if the options do not fit together, or not to the models.
        RunError: if a model cannot be used.
    """
    paths = [path for path in (config.source_model or config.model, config.target_model or config.model) if path]
    if not paths:
        return None
    if len(paths) < 2:
        raise UsageError("expected tokenizer.source_model and tokenizer.target_model together (or tokenizer.model)")
    source = read_tokenizer(Path(paths[0]))
    both = Tokenizers(source, source if paths[0] == paths[1] else read_tokenizer(Path(paths[1])))
    for path, tokenizer in zip(paths, (both.source, both.target), strict=True):
        if config.sampling and not tokenizer.can_sample:
            raise UsageError(f"tokenizer.sampling: expected a unigram model, received {path}: leave it out")
    return both, dataclasses.replace(config, **_what_they_are(config, both, " and ".join(sorted(set(paths)))))


def _what_they_are(config: TokenizerConfig, both: Tokenizers, origin: str) -> dict[str, Any]:
    """The options of the models, where both sides have the same; an error if something else is asked for."""
    sides = both.source, both.target
    found: dict[str, set[Any]] = {
        "kind": {side.kind for side in sides},
        "vocabulary_size": {both.vocabulary_size},
        "byte_fallback": {side.byte_fallback for side in sides},
        "joint": {both.joint},
    }
    for option, values in found.items():
        asked = getattr(config, option)
        if asked != getattr(TokenizerConfig, option) and values != {asked}:
            raise UsageError(
                f"tokenizer.{option}: expected {' and '.join(sorted(str(value).lower() for value in values))} as in "
                f"{origin}, received {str(asked).lower()}: leave it out, or train a tokenizer"
            )
    return {option: values.pop() for option, values in found.items() if len(values) == 1}
