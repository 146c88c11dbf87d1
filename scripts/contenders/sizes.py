"""What all contenders share: sizes, and what a contender of training can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mtlite.data.batches import Batch


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


class Training(Protocol):
    """A model with its optimizer."""

    def train(self, batches: Sequence[Batch]) -> float:
        """One update for each batch; gives the seconds."""
