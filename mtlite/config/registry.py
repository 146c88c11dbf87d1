"""The registry of topologies: which there are, where each is defined, and all that depends on which one it is.

A topology of one's own is one file and one entry here, or a class outside with an entry of its own, which
`register_topology` adds. TensorFlow is not needed to read this, so that a wrong name is answered at once.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
import re
import sys
import traceback
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from mtlite.config.read import shown
from mtlite.errors import UsageError
from mtlite.runtime import load_tensorflow


class Mark(NamedTuple):
    """What a comparison says beside a system's numbers, where an option has a value (None: where it is on)."""

    option: str
    value: Any
    text: str


Reads = Literal["each token", "bag", "sequence", "source and target so far"]
Remembers = Literal[
    "each position", "expanded positions", "vector", "state", "state in sight", "state and every output"
]
Writes = Literal[
    "at positions", "tokens and blanks",  # a position each
    "all at once", "over copies",  # of a vector
    "at blanks", "after a wait", "over the target so far",  # from a state
]  # fmt: skip


class Parts(NamedTuple):
    """What a topology is made of, for its picture: see `topologies/wiring.py`."""

    reads: Reads
    remembers: Remembers
    writes: Writes


@dataclass(frozen=True)
class Entry:
    """All that depends on which topology it is.

    One of the family `autoregressive` is asked for one token after another; `direct` writes all positions in one pass.
    With `blanks`, a position of it is a token or a blank, so that several paths give one output (CTC).
    """

    family: Literal["autoregressive", "direct"]
    picture: str  # of the wiring, in one line
    reads: str
    remembers: str
    writes: str
    options: tuple[str, ...] = ()  # options of a model that this topology has and others do not: see `OPTIONAL`
    blanks: bool = False
    marks: tuple[Mark, ...] = ()  # what a comparison says of it
    path: str = ""  # `module:Class`
    parts: Parts | None = None  # without them, the picture in the docstring is drawn

    @property
    def search(self) -> Literal["token by token", "one pass", "paths"]:
        """How hypotheses are found."""
        if self.family == "autoregressive":
            return "token by token"
        return "paths" if self.blanks else "one pass"

    @property
    def ranks(self) -> bool:
        """Whether a beam finds several hypotheses: not where the likeliest token of each position is all there is."""
        return self.search != "one pass"

    @property
    def ensembles(self) -> bool:
        """Whether several models can be asked together: not where blanks stand elsewhere in every model."""
        return self.search != "paths"

    @property
    def unused(self) -> set[str]:
        """Options of the training that change nothing: those without which it is always trained."""
        return {mark.option for mark in self.marks if mark.value is None}


_BOTH_WAYS = ("bidirectional",)

# fmt: off
TOPOLOGIES: dict[str, Entry] = {
    "one-to-one": Entry("direct", "o→o  o→o  o→o",
        "each token alone", "that token's vector", "one token per source position",
        path="mtlite.topologies.one_to_one:OneToOne", parts=Parts("each token", "each position", "at positions")),
    "one-to-many": Entry("direct", "o → ooo",
        "the source as one vector, the mean of its embeddings", "that vector, repeated N times",
        "LSTM over the N copies", path="mtlite.topologies.one_to_many:OneToMany",
        parts=Parts("bag", "vector", "over copies")),
    "many-to-one": Entry("autoregressive", "ooo → o",
        "source, then the target so far, as one sequence", "the LSTM's last state",
        "the one next token; asked again for the next", path="mtlite.topologies.many_to_one:ManyToOne",
        parts=Parts("source and target so far", "each position", "at positions"),
        marks=(Mark("ablation.match", "size", "encoder and decoder share their weights"),)),
    "aligned": Entry("direct", "ooo ⇉ ooo",
        "the sequence", "the LSTM output at each position", "one token per source position", _BOTH_WAYS,
        path="mtlite.topologies.aligned:Aligned", parts=Parts("sequence", "each position", "at positions")),
    "last-n": Entry("direct", "oo[ooo]",
        "the sequence, writing only after a wait", "LSTM state", "the last N steps", ("wait",),
        path="mtlite.topologies.last_n:LastN", parts=Parts("sequence", "state", "after a wait")),
    "padded": Entry("direct", "ooo···  → ooo",
        "the whole source, then N blanks", "LSTM state at the end of the source", "the N blank steps",
        path="mtlite.topologies.padded:Padded", parts=Parts("sequence", "state", "at blanks")),
    "vector-dense": Entry("direct", "ooo → h ⇒ ooo",
        "the sequence", "the final state", "all N positions at once, from one Dense layer", _BOTH_WAYS,
        path="mtlite.topologies.vector_dense:VectorDense", parts=Parts("sequence", "vector", "all at once")),
    "repeat-vector": Entry("direct", "ooo → hhh → ooo",
        "the sequence", "the final state, repeated N times", "LSTM over the copies", _BOTH_WAYS,
        path="mtlite.topologies.repeat_vector:RepeatVector", parts=Parts("sequence", "vector", "over copies")),
    "encoder-decoder": Entry("autoregressive", "ooo → [h c] → ooo",
        "the sequence", "final (h, c) of every layer, which starts the decoder", "LSTM over the target so far",
        _BOTH_WAYS, path="mtlite.topologies.encoder_decoder:EncoderDecoder",
        parts=Parts("sequence", "state", "over the target so far")),
    "peek": Entry("autoregressive", "ooo → [h c]+h → ooo",
        "the sequence", "final (h, c) of every layer, and the top layer's final h in sight at every step",
        "LSTM over the target so far", _BOTH_WAYS, path="mtlite.topologies.peek:Peek",
        parts=Parts("sequence", "state in sight", "over the target so far")),
    "attention": Entry("autoregressive", "ooo ⇄ ooo",
        "the sequence", "final (h, c) of every layer, and every encoder output, to look back at",
        "LSTM over the target so far", ("bidirectional", "attention", "attention_heads"),
        path="mtlite.topologies.attention:Attention",
        parts=Parts("sequence", "state and every output", "over the target so far")),
    "ctc": Entry("direct", "ooo ⇉ o·oo·o",
        "the sequence", "the LSTM output at each of k·S positions", "a token or a blank each", _BOTH_WAYS, blanks=True,
        path="mtlite.topologies.ctc:CTC", parts=Parts("sequence", "expanded positions", "tokens and blanks"),
        marks=(Mark("training.label_smoothing", None, "trained without label smoothing"),)),
}
# fmt: on

_OUTSIDE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)
OPTIONAL = tuple(dict.fromkeys(option for entry in TOPOLOGIES.values() for option in sorted(entry.options)))
"""Options of a model that not every topology can have; all others fit everywhere."""


def entry_of(topology: str) -> Entry:
    """Find the entry of a name; say which names there are if it is unknown."""
    if topology in TOPOLOGIES:
        return TOPOLOGIES[topology]
    if _OUTSIDE.fullmatch(topology):
        remedy = f"give --topology {topology}, or in Python mtlite.register_topology({topology!r})"
        raise UsageError(f"topology {topology} is code outside mtlite, loaded only where you ask for it: {remedy}")
    known = ", ".join(TOPOLOGIES)
    raise UsageError(f"unknown topology {shown(topology)!r}: expected one of {known}, or module:Class for your own")


def register_topology(name: str) -> Entry:
    """Import a topology from outside, `module:Class`, and add its entry under that name.

    Its module lies in the working directory or can be imported from elsewhere. This runs its code: nothing calls it
    with a name that a run directory or a recipe says.
    """
    if name in TOPOLOGIES:
        return TOPOLOGIES[name]
    if not _OUTSIDE.fullmatch(name):
        raise UsageError(f"topology {shown(name)!r}: expected module:Class, such as my_module:MyTopology")
    module, _, class_name = name.partition(":")
    cls = getattr(_imported(name, module), class_name, None)
    if cls is None:
        raise UsageError(f"topology {name}: expected a class {class_name} in {module}, found none of that name")
    family, entry = getattr(cls, "family", None), vars(cls).get("entry") if isinstance(cls, type) else None
    if family not in ("autoregressive", "direct"):
        raise UsageError(
            f"topology {name}: expected a class that extends Autoregressive or Direct of mtlite.topologies"
        )
    if not isinstance(entry, Entry):
        expected = "a class attribute entry = Entry(family, picture, reads, remembers, writes)"
        raise UsageError(f"topology {name}: expected {expected}, received {shown(entry)}")
    if entry.family != family:
        raise UsageError(f"topology {name}: expected its entry to say family {family!r}, received {entry.family!r}")
    if strange := set(entry.options) - set(OPTIONAL):
        raise UsageError(f"topology {name}: expected options among {', '.join(OPTIONAL)}, received {min(strange)}")
    TOPOLOGIES[name] = dataclasses.replace(entry, path=name)
    return TOPOLOGIES[name]


def _imported(name: str, module: str) -> Any:
    """The module of a topology from outside."""
    load_tensorflow()
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # last: no file there hides a module of something else
    try:
        return importlib.import_module(module)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
            expected = f"{module.replace('.', '/')}.py in the working directory, or a module that Python can import"
            raise UsageError(f"topology {name}: no module {error.name}: expected {expected}") from None
        frames = [each for each in traceback.extract_tb(error.__traceback__) if not each.filename.startswith("<")]
        where = error if isinstance(error, SyntaxError) else frames[-1]
        problem = f"{type(error).__name__}: {' '.join(str(error).split())}"
        place = f"line {where.lineno} of {where.filename}"
        raise UsageError(f"topology {name}: importing {module} failed in {place}: {problem}") from error


def refuse_options(topology: str, options: Mapping[str, Any]) -> None:
    """Refuse an option, asked for by name, that this topology cannot have; None and False ask for nothing."""
    able = entry_of(topology).options
    for option in OPTIONAL:
        if options.get(option) not in (None, False) and option not in able:
            others = ", ".join(name for name, entry in TOPOLOGIES.items() if option in entry.options)
            asked = f"model.{option}={options[option]}"
            raise UsageError(f"topology '{topology}' cannot have {asked}: it is an option of {others}")


def unsupported(topology: str, options: Container[str]) -> list[str]:
    """Find those of the options that this topology cannot have: where topologies are compared, it goes without them."""
    able = entry_of(topology).options
    return [option for option in OPTIONAL if option in options and option not in able]
