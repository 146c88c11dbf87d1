"""A laboratory for machine translation with recurrent sequence models."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

# Read by TensorFlow and Keras when they are imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

__version__ = "0.1.0"
__all__ = ["LSTM", "Config", "Translator", "train"]

if TYPE_CHECKING:
    from mtlite.config.options import Config
    from mtlite.layers.lstm import LSTM
    from mtlite.training.train import train
    from mtlite.translation.translator import Translator


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for: TensorFlow takes seconds, `mtlite --help` must not."""
    homes = {
        "Config": "mtlite.config.options",
        "LSTM": "mtlite.layers.lstm",
        "Translator": "mtlite.translation.translator",
        "train": "mtlite.training.train",
    }
    if name not in homes:
        raise AttributeError(f"module 'mtlite' has no attribute '{name}'")
    return getattr(importlib.import_module(homes[name]), name)


if "keras" in sys.modules:  # whoever uses Keras already has waited for it, and `load_model` must find our layer
    importlib.import_module("mtlite.layers.lstm")
