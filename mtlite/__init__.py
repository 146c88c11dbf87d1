"""A laboratory for machine translation with recurrent sequence models."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

from mtlite.version import __version__ as __version__

# Read by TensorFlow and Keras when they are imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

__all__ = [
    "LSTM",
    "CleaningConfig",
    "Config",
    "CorpusConfig",
    "DataConfig",
    "ModelConfig",
    "Run",
    "SearchConfig",
    "TokenizerConfig",
    "TrainingConfig",
    "Translator",
    "load_model",
    "register_topology",
    "train",
]

_HOMES = {
    "LSTM": "mtlite.layers.lstm",
    "Run": "mtlite.storage.run_directory",
    "Translator": "mtlite.translation.translator",
    "load_model": "mtlite.translation.loading",
    "register_topology": "mtlite.config.registry",
    "train": "mtlite.training.train",
}
"""Where public names are defined; all others are parts of the configuration."""

if TYPE_CHECKING:
    from mtlite.config.options import (
        CleaningConfig,
        Config,
        CorpusConfig,
        DataConfig,
        ModelConfig,
        SearchConfig,
        TokenizerConfig,
        TrainingConfig,
    )
    from mtlite.config.registry import register_topology
    from mtlite.layers.lstm import LSTM
    from mtlite.storage.run_directory import Run
    from mtlite.training.train import train
    from mtlite.translation.loading import load_model
    from mtlite.translation.translator import Translator


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for: TensorFlow takes seconds, `mtlite --help` must not."""
    if name not in __all__:
        raise AttributeError(f"module 'mtlite' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES.get(name, "mtlite.config.options")), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


if "keras" in sys.modules:  # whoever uses Keras already has waited for it, and `load_model` must find our layer
    importlib.import_module("mtlite.layers.lstm")
