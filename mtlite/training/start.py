"""A training that starts from the weights of another run (fine-tuning): what it takes over, and what it may not change.

The weights are copied into the new run, which is whole without the other one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from mtlite.config.options import Config, ModelConfig, TokenizerConfig
from mtlite.config.read import shown
from mtlite.data.prepare import Prepared
from mtlite.data.tokenizer import Tokenizers
from mtlite.errors import UsageError
from mtlite.storage.checkpoint import WEIGHTS
from mtlite.storage.files import write_atomically
from mtlite.storage.run_directory import START, Run, StartedFrom
from mtlite.storage.tensors import load_arrays
from mtlite.translation.loading import as_run, load_tokenizers, refuse_without_weights

_OF_TRAINING = "dropout"  # how options of the model end that change no weight
_OF_TOKENIZER = ("kind", "vocabulary_size", "joint", "byte_fallback")
_FILES = ("model", "source_model", "target_model")


@dataclass(frozen=True)
class Start:
    """The run that a training starts from."""

    run: Run
    tokenizers: Tokenizers

    def taken_over(self, config: Config) -> Config:
        """The configuration with the model and the tokenizer of the run; UsageError if it asks for others."""
        theirs = self.run.config
        for name in _FILES:
            if getattr(config.tokenizer, name):
                raise self._refused(f"tokenizer.{name}", "the run's own tokenizer", getattr(config.tokenizer, name))
        model = {field.name: getattr(theirs.model, field.name) for field in fields(ModelConfig)}
        model |= {name: value for name, value in _asked(config.model, ModelConfig) if name.endswith(_OF_TRAINING)}
        tokenizer = {name: getattr(theirs.tokenizer, name) for name in _OF_TOKENIZER}
        for section, asked, found in (("model", config.model, model), ("tokenizer", config.tokenizer, tokenizer)):
            for name, value in _asked(asked, ModelConfig if section == "model" else TokenizerConfig):
                if value != found.get(name, value):
                    raise self._refused(f"{section}.{name}", shown(found[name]), value)
        return replace(config, model=ModelConfig(**model), tokenizer=replace(config.tokenizer, **tokenizer))

    def _refused(self, option: str, expected: str, received: Any) -> UsageError:
        reason = "its weights fit no other model"
        if option.startswith("tokenizer."):
            reason = "its weights have a row for each piece of its own vocabulary, and none for others"
        return UsageError(
            f"{option}: expected {expected} as in {self.run.path} (training.start_from: {reason}), received "
            f"{shown(received)}: leave {option} out, or leave training.start_from out and train from the beginning"
        )

    def fitted(self, prepared: Prepared) -> Prepared:
        """What was prepared, with the lengths of the run that decide on the shapes of weights."""
        theirs = self.run.facts.lengths
        return replace(prepared, rules=replace(prepared.rules, fixed=theirs.fixed, expansion=theirs.expansion))

    def copy_weights(self, run: Run) -> StartedFrom:
        """Copy the weights into a new run; return what its facts say of them."""
        content = (self.run.path / WEIGHTS).read_bytes()
        write_atomically(run.path / START, content)
        load_arrays(run.path / START)  # refused here if it is damaged, not after the corpus is read
        return StartedFrom(hashlib.sha256(content).hexdigest(), str(self.run.path))


def _asked(section: Any, kind: type) -> Iterator[tuple[str, Any]]:
    """The options of a section that differ from their defaults."""
    for field in fields(kind):
        if (value := getattr(section, field.name)) != getattr(kind, field.name):
            yield field.name, value


def start_of(config: Config) -> Start | None:
    """Open the run that a training is to start from; None if it starts from the beginning."""
    if config.training.start_from is None:
        return None
    run = as_run(config.training.start_from)
    refuse_without_weights(run)
    return Start(run, load_tokenizers(run))
