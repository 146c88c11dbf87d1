"""What all contenders share: sizes, and what a contender of training can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mtlite.data.batches import Batch
from mtlite.errors import UsageError
from mtlite.storage.run_directory import Run

_WIRING = {
    "topology": "attention",
    "attention": "general",
    "bidirectional": True,
    "tied_embeddings": True,
    "layer_normalization": False,
    "residual": False,
}


@dataclass(frozen=True)
class Sizes:
    """Of an attention encoder-decoder with a joint, tied vocabulary and two or more layers a side.

    Args:
        vocabulary: pieces.
        embedding: numbers per embedding.
        units: of each layer; half of them in each direction of the encoder.
        layers: on each side.
        dropout: on embeddings and after every layer.
        label_smoothing: of the loss.
        learning_rate: of Adam.
    """

    vocabulary: int
    embedding: int
    units: int
    layers: int
    dropout: float
    label_smoothing: float
    learning_rate: float = 0.001

    @classmethod
    def of(cls, run: Run) -> Sizes:
        """Those of a trained model, for translation.

        Raises:
            UsageError: if it is wired in another way.
        """
        model, facts = run.config.model, run.facts
        found = {name: getattr(model, name) for name in _WIRING}
        if found != _WIRING or model.layers < 2 or not facts.joint:
            raise UsageError(
                f"{run.path}: expected attention (general) over a bidirectional encoder, two layers or more, a joint, "
                "tied vocabulary, no normalisation, nothing residual: only that is written in PyTorch; give another "
                "--run, or leave --peers out"
            )
        sizes = facts.target_vocabulary, model.embedding_size, model.units, model.layers
        return cls(*sizes, dropout=0.0, label_smoothing=0.0)


class Training(Protocol):
    """A model with its optimizer."""

    def train(self, batches: Sequence[Batch]) -> float:
        """One update for each batch; gives the seconds."""
