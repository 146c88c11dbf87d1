"""The sizes that all peers share."""

from __future__ import annotations

from dataclasses import dataclass


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
