"""Tokenizers that exist already: SentencePiece models that the configuration names."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from mtlite.config.options import TokenizerConfig
from mtlite.config.read import shown
from mtlite.data.tokenizer import Tokenizers
from mtlite.errors import UsageError


def existing_tokenizers(config: TokenizerConfig) -> tuple[Tokenizers, TokenizerConfig] | None:
    """Read the models that are asked for, and the options with what they are; None if tokenizers are to be trained.

    This comes before a corpus is read: options that do not fit raise UsageError, models that cannot be used RunError.
    """
    paths = [path for path in (config.source_model or config.model, config.target_model or config.model) if path]
    if not paths:
        return None
    if len(paths) < 2:
        raise UsageError("expected tokenizer.source_model and tokenizer.target_model together (or tokenizer.model)")
    both = Tokenizers.read(*map(Path, paths))
    for path, tokenizer in zip(paths, (both.source, both.target), strict=True):
        config.refuse_sampling(tokenizer.kind, f"the {tokenizer.kind} model {path}")
    return both, dataclasses.replace(config, **_what_they_are(config, both, " and ".join(sorted(set(paths)))))


def _what_they_are(config: TokenizerConfig, both: Tokenizers, origin: str) -> dict[str, Any]:
    """Return the options of the models where both sides agree; refuse others that are asked for."""
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
            expected = " and ".join(sorted(map(shown, values)))
            remedy = f"received {shown(asked)}: leave it out, or train a tokenizer"
            raise UsageError(f"tokenizer.{option}: expected {expected} as in {origin}, {remedy}")
    return {option: values.pop() for option, values in found.items() if len(values) == 1}
