"""A laboratory for machine translation with recurrent sequence models.

Train a model, translate with it, score it:

    run = mtlite.train({"data.train.source": "a.en", "data.train.target": "a.de"})
    translator = mtlite.Translator.load(run)
    translator("A sentence.")
    mtlite.evaluate(run)["test"].scores

Train two topologies, and see which differences are more than chance:

    options = {"data.train.pairs": "pairs.tsv", "training.max_updates": 2000}
    runs = [mtlite.train({**options, "model.topology": name}) for name in ("encoder-decoder", "attention")]
    mtlite.compare(runs)

Train a recipe, and look at its Keras model:

    mtlite.load_model(mtlite.train("scripts/recipes/village.yaml")).summary()

The same from a shell: `mtlite --help`. All options: `mtlite train --help`, or `help(mtlite.Config)`.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

from mtlite.runtime import load_tensorflow, refuse_other_backends
from mtlite.version import __version__ as __version__

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read by TensorFlow when it is imported

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
    "compare",
    "evaluate",
    "load_model",
    "register_topology",
    "train",
]

_HOMES = {
    "LSTM": "mtlite.layers.lstm",
    "Run": "mtlite.storage.run_directory",
    "Translator": "mtlite.translation.translator",
    "compare": "mtlite.report.side_by_side",
    "evaluate": "mtlite.translation.scoring",
    "load_model": "mtlite.translation.loading",
    "register_topology": "mtlite.config.registry",
    "train": "mtlite.training.train",
}
"""Where public names are defined; all others are parts of the configuration."""
_ON_TENSORFLOW = {"LSTM", "Translator", "evaluate"}  # names whose module imports it, and it prints while it loads

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
    from mtlite.report.side_by_side import compare
    from mtlite.storage.run_directory import Run
    from mtlite.training.train import train
    from mtlite.translation.loading import load_model
    from mtlite.translation.scoring import evaluate
    from mtlite.translation.translator import Translator


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for: TensorFlow takes seconds, `mtlite --help` must not."""
    if name not in __all__:
        raise AttributeError(f"module 'mtlite' has no attribute '{name}'")
    if name in _HOMES:
        refuse_other_backends()
    if name in _ON_TENSORFLOW:
        load_tensorflow()
    return getattr(importlib.import_module(_HOMES.get(name, "mtlite.config.options")), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


if "keras" in sys.modules:  # whoever uses Keras already has waited for it, and `load_model` must find our layer
    importlib.import_module("mtlite.layers.lstm")
