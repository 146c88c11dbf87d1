"""The table of topologies: which there are, where each is defined, and which option each can have.

This module imports nothing, so that a wrong name is answered before TensorFlow is loaded.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from mtlite.errors import UsageError


class Entry(NamedTuple):
    """One row of the table."""

    module: str
    cls: str
    family: str  # "autoregressive": asked for one token after another; "direct": writes all positions in one pass
    picture: str
    options: frozenset[str]  # the options of OPTIONAL that this topology can have


# Options that not every topology can have. All others (embedding_size, units, dropout, …) fit everywhere.
OPTIONAL = ("bidirectional", "attention", "wait")

_BOTH_WAYS = frozenset({"bidirectional"})

TOPOLOGIES: dict[str, Entry] = {
    "encoder-decoder": Entry("encoder_decoder", "EncoderDecoder", "autoregressive", "ooo → [h c] → ooo", _BOTH_WAYS),
    "attention": Entry(
        "attention", "Attention", "autoregressive", "ooo ⇄ ooo", frozenset({"bidirectional", "attention"})
    ),
}


def refuse_unsupported(topology: str, options: dict[str, Any]) -> None:
    """Refuse an unknown topology, or an option that this one cannot have.

    Args:
        topology: a name of the table.
        options: the options of OPTIONAL that were asked for, by name (those with a false value are not asked for).

    Raises:
        UsageError: with the names, or the topologies that can have the option.
    """
    if topology not in TOPOLOGIES:
        raise UsageError(f"unknown topology '{topology}': expected one of {', '.join(TOPOLOGIES)}")
    for option, value in options.items():
        if value and option not in TOPOLOGIES[topology].options:
            able = [name for name, entry in TOPOLOGIES.items() if option in entry.options]
            raise UsageError(
                f"topology '{topology}' cannot have model.{option}={value}: it is an option of {', '.join(able)}"
            )
