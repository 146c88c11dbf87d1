"""The table of topologies: which there are, where each is defined, and which option each can have.

This module imports nothing, so that a wrong name is answered before TensorFlow is loaded.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
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


OPTIONAL = tuple(dict.fromkeys(option for entry in TOPOLOGIES.values() for option in sorted(entry.options)))
"""Options of a model that not every topology can have; all others fit everywhere."""


def entry_of(topology: str) -> Entry:
    """The entry of a name.

    Raises:
        UsageError: for an unknown name, with the names that there are.
    """
    if topology not in TOPOLOGIES:
        raise UsageError(f"unknown topology {topology!r}: expected one of {', '.join(TOPOLOGIES)}")
    return TOPOLOGIES[topology]


def refuse_options(topology: str, options: Mapping[str, Any]) -> None:
    """Refuse an option that this topology cannot have.

    Args:
        topology: a name of the table.
        options: what was asked for by name; None and False ask for nothing.

    Raises:
        UsageError: with the topologies that can have the option.
    """
    able = entry_of(topology).options
    for option in OPTIONAL:
        if options.get(option) not in (None, False) and option not in able:
            others = [name for name, entry in TOPOLOGIES.items() if option in entry.options]
            raise UsageError(
                f"topology '{topology}' cannot have model.{option}={options[option]}: it is an option of "
                f"{', '.join(others)}"
            )


def unsupported(topology: str, options: Container[str]) -> list[str]:
    """Those of the options that this topology cannot have: where topologies are compared, it goes without them."""
    able = entry_of(topology).options
    return [option for option in OPTIONAL if option in options and option not in able]


def ranking_topologies() -> list[str]:
    """The topologies whose search ranks several hypotheses of a sentence."""
    return [name for name, entry in TOPOLOGIES.items() if entry.ranks]
