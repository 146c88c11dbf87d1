"""The table of topologies: which there are, where each is defined, and which option each can have.

This module imports nothing, so that a wrong name is answered before TensorFlow is loaded.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any, NamedTuple

from mtlite.errors import UsageError


class Entry(NamedTuple):
    """One row of the table."""

    module: str
    cls: str
    family: str  # "autoregressive": asked for one token after another; "direct": writes all positions in one pass
    picture: str
    reads: str
    remembers: str
    writes: str
    options: frozenset[str]  # the options of OPTIONAL that this topology can have

    @property
    def ranks(self) -> bool:
        """Whether a beam finds several hypotheses: not where the likeliest token of each position is all there is."""
        return self.family == "autoregressive" or self.cls == "CTC"


# Options that not every topology can have.
OPTIONAL = ("bidirectional", "attention", "wait")
# All others fit everywhere.
COMMON = (
    "embedding_size",
    "units",
    "layers",
    "tied_embeddings",
    "dropout",
    "embedding_dropout",
    "word_dropout",
    "layer_normalization",
    "residual",
)

_NONE: frozenset[str] = frozenset()
_BOTH_WAYS = frozenset({"bidirectional"})
_LOOKS_BACK = frozenset({"bidirectional", "attention"})
_WAITS = frozenset({"wait"})

# fmt: off
TOPOLOGIES: dict[str, Entry] = {
    "one-to-one": Entry("one_to_one", "OneToOne", "direct", "o→o  o→o  o→o",
        "each token alone", "that token's vector", "one token per source position", _NONE),
    "one-to-many": Entry("one_to_many", "OneToMany", "direct", "o → ooo",
        "the source as one vector, the mean of its embeddings", "that vector, repeated N times",
        "LSTM over the N copies", _NONE),
    "many-to-one": Entry("many_to_one", "ManyToOne", "autoregressive", "ooo → o",
        "source, then the target so far, as one sequence", "the LSTM's last state",
        "the one next token; asked again for the next", _NONE),
    "aligned": Entry("aligned", "Aligned", "direct", "ooo ⇉ ooo",
        "the sequence", "the LSTM output at each position", "one token per source position", _BOTH_WAYS),
    "last-n": Entry("last_n", "LastN", "direct", "oo[ooo]",
        "the sequence, writing only after a wait", "LSTM state", "the last N steps", _WAITS),
    "padded": Entry("padded", "Padded", "direct", "ooo···  → ooo",
        "the whole source, then N blanks", "LSTM state at the end of the source", "the N blank steps", _NONE),
    "vector-dense": Entry("vector_dense", "VectorDense", "direct", "ooo → h ⇒ ooo",
        "the sequence", "the final state", "all N positions at once, from one Dense layer", _BOTH_WAYS),
    "repeat-vector": Entry("repeat_vector", "RepeatVector", "direct", "ooo → hhh → ooo",
        "the sequence", "the final state, repeated N times", "LSTM over the copies", _BOTH_WAYS),
    "encoder-decoder": Entry("encoder_decoder", "EncoderDecoder", "autoregressive", "ooo → [h c] → ooo",
        "the sequence", "final (h, c) of every layer, which starts the decoder",
        "LSTM over the target so far", _BOTH_WAYS),
    "peek": Entry("peek", "Peek", "autoregressive", "ooo → [h c]+h → ooo",
        "the sequence", "the same, and the top layer's final h in sight at every step",
        "LSTM over the target so far", _BOTH_WAYS),
    "attention": Entry("attention", "Attention", "autoregressive", "ooo ⇄ ooo",
        "the sequence", "the same, and every encoder output, looked back at at every step",
        "LSTM over the target so far", _LOOKS_BACK),
    "ctc": Entry("ctc", "CTC", "direct", "ooo ⇉ o·oo·o",
        "the sequence", "the LSTM output at each of k·S positions", "a token or a blank each", _BOTH_WAYS),
}
# fmt: on


def refuse_unsupported(topology: str, options: dict[str, Any]) -> None:
    """Refuse an unknown topology, or an option that this one cannot have.

    Args:
        topology: a name of the table.
        options: the options of OPTIONAL that were asked for, by name; None and False ask for nothing.

    Raises:
        UsageError: with the names, or the topologies that can have the option.
    """
    if topology not in TOPOLOGIES:
        raise UsageError(f"unknown topology {topology!r}: expected one of {', '.join(TOPOLOGIES)}")
    for option, value in options.items():
        if value is not None and value is not False and option not in TOPOLOGIES[topology].options:
            able = [name for name, entry in TOPOLOGIES.items() if option in entry.options]
            raise UsageError(
                f"topology '{topology}' cannot have model.{option}={value}: it is an option of {', '.join(able)}"
            )


def unsupported(topology: str, options: Container[str]) -> list[str]:
    """Those of the options that this topology cannot have: where topologies are compared, it goes without them."""
    able = TOPOLOGIES[topology].options
    return [option for option in OPTIONAL if option in options and option not in able]


def both_directions(topology: str, asked: bool | None) -> bool:
    """Whether the source is read in both directions: as asked for, and where nothing was, wherever it can be."""
    return "bidirectional" in TOPOLOGIES[topology].options if asked is None else asked
