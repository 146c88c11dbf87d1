"""What a topology reads, remembers and writes: nodes and edges, for one length of source and target.

The registry names the parts that a topology is made of; `wire` puts them together. Every node and edge has the step
at which it is used, so that a picture can be stepped through; `dataclasses.asdict` gives plain values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, get_args

from mtlite.config.registry import Parts, Reads, Remembers, entry_of
from mtlite.errors import UsageError

_WAIT = 0.5  # of the source, where writing starts after a wait
_EXPANSION = 2  # positions that each source position is spread over
_AT_POSITIONS = ("at positions", "tokens and blanks")
_AFTER_READING = ("at blanks", "after a wait", "over the target so far")
_FITTING: dict[str, tuple[str, ...]] = {
    "each position": _AT_POSITIONS,
    "expanded positions": _AT_POSITIONS,
    "vector": ("all at once", "over copies"),
    **dict.fromkeys(("state", "state in sight", "state and every output"), _AFTER_READING),
}
"""How can be written what is remembered."""
_MEMORIES: dict[tuple[Reads, Remembers], str] = {
    ("each token", "each position"): "one vector each",
    ("bag", "vector"): "mean embedding",
    ("source and target so far", "each position"): "last state",
    ("sequence", "each position"): "every output",
    ("sequence", "expanded positions"): "k vectors each",
    ("sequence", "vector"): "last h",
    ("sequence", "state"): "last h, c",
    ("sequence", "state in sight"): "last h, c",
    ("sequence", "state and every output"): "every output; last h, c",
}
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

Role = Literal["source", "so-far", "blank", "reader", "memory", "copy", "context", "writer", "target"]
Use = Literal["reads", "carries on", "remembers", "looks back", "writes", "feeds back"]
Zone = Literal["reads", "remembers", "writes"]
Layer = Literal["source", "reader", "memory", "copy", "context", "input", "writer", "target"]

ZONES: dict[Layer, Zone] = {
    **{"source": "reads", "reader": "reads", "memory": "remembers", "copy": "remembers"},
    **{"context": "writes", "input": "writes", "writer": "writes", "target": "writes"},
}
"""The zone of each layer, lowest first."""


@dataclass(frozen=True)
class Node:
    """A token, a blank or a vector."""

    name: str  # role and number, such as `reader-2`
    role: Role
    column: float  # from left to right, from 0; a half lies between two
    layer: Layer  # from bottom to top
    step: int  # when it is known, from 1
    text: str


@dataclass(frozen=True)
class Edge:
    """One node uses another; both are names of nodes."""

    start: str
    end: str
    use: Use
    step: int


@dataclass
class Wiring:
    """A topology at work on one sentence."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    labels: dict[Role, str] = field(default_factory=dict)  # what the nodes of a role are
    shared: bool = False  # one network reads and writes

    def of(self, role: Role) -> list[Node]:
        """The nodes of a role, from left to right."""
        return [node for node in self.nodes if node.role == role]

    def add(self, role: Role, column: float, step: int, text: str = "", layer: Layer | None = None) -> Node:
        """A new node; its layer has the name of its role if none is given."""
        name = f"{role}-{len(self.of(role)) + 1}"
        self.nodes.append(Node(name, role, column, layer or role, step, text.translate(_SUBSCRIPTS)))  # type: ignore[arg-type]
        return self.nodes[-1]

    def join(self, start: Node, end: Node, use: Use, step: int = 0) -> None:
        """A new edge; it is used when both ends are known if no step is given."""
        self.edges.append(Edge(start.name, end.name, use, step or max(start.step, end.step)))


def wire(topology: str, source: int = 3, target: int = 4) -> Wiring | None:
    """The wiring of a topology for so many tokens, reading both ways if it can; None if its entry names no parts.

    Raises:
        UsageError: if there is no such part, or it does not fit the others.
    """
    entry = entry_of(topology)
    if entry.parts is None:
        return None
    reads, remembers, writes = entry.parts
    for zone, part, parts in (
        ("reads", reads, get_args(Reads)),
        ("remembers", remembers, _FITTING),
        ("writes", writes, _FITTING.get(remembers, ())),
    ):
        if part not in parts:
            raise UsageError(f"topology {topology}: expected parts.{zone} among {', '.join(parts)}; received {part}")
    return _Wirer(entry.parts, source, target, "bidirectional" in entry.options).wired()


class _Wirer:
    """Puts parts together: first what is read, then what is remembered, then what is written."""

    def __init__(self, parts: Parts, source: int, target: int, both_ways: bool) -> None:
        self.parts, self.source, self.target, self.both_ways = parts, source, target, both_ways
        self.width = _EXPANSION if parts.remembers == "expanded positions" else 1  # columns of a source token
        wait = math.ceil(_WAIT * source) if parts.writes == "after a wait" else source
        self.read_first = max(source, wait + target) - target if wait < source else source
        self.wiring = Wiring(shared=parts.writes in ("after a wait", "at blanks"))
        self.add, self.join = self.wiring.add, self.wiring.join
        self.positions: list[Node] = []  # a memory each
        self.vector: Node  # a memory for all

    def wired(self) -> Wiring:
        self.remember(self.read())
        if self.parts.writes == "at positions":
            self.write(self.positions)
        elif self.parts.writes == "tokens and blanks":
            self.write_between_blanks()
        else:
            self.write_after_reading()
        for written, read in zip(self.wiring.of("target"), self.wiring.of("so-far")[1:], strict=False):
            self.join(written, read, "feeds back")
        return self.wiring

    def read(self) -> list[Node]:
        """Add what is read; gives the nodes that are remembered."""
        reads, labels = self.parts.reads, self.wiring.labels
        alone = reads in ("each token", "bag")
        count, width = self.read_first, self.width
        steps = [1 if alone else at + 1 for at in range(count)]
        tokens = [self.add("source", width * (at + 0.5) - 0.5, step, f"x{at + 1}") for at, step in enumerate(steps)]
        labels["source"] = "source"
        if reads == "bag":
            return tokens
        if reads == "source and target so far":
            tokens += [self.token_so_far(at, count + at, count + at + 1, "source") for at in range(self.target)]
        cells = self.cells("reader", tokens, self.both_ways, recurrent=not alone)
        labels["reader"] = "Dense" if alone else "LSTM, both ways" if self.both_ways else "LSTM"
        return cells[count:] or cells

    def token_so_far(self, at: int, column: float, step: int, layer: Layer) -> Node:
        self.wiring.labels["so-far"] = "target so far"
        return self.add("so-far", column, step, f"y{at}" if at else "<s>", layer)

    def cells(self, role: Role, inputs: Sequence[Node], both_ways: bool = False, recurrent: bool = True) -> list[Node]:
        """Cells over inputs, and from each to the next; both ways, each is known when both directions were there."""
        backward = [inputs[-1].step - node.step + inputs[0].step for node in inputs]
        steps = [max(node.step, step if both_ways else 0) for node, step in zip(inputs, backward, strict=True)]
        cells = [self.add(role, node.column, step) for node, step in zip(inputs, steps, strict=True)]
        for node, cell in zip(inputs, cells, strict=True):
            self.join(node, cell, "reads")
        for at, (cell, following) in enumerate(pairwise(cells if recurrent else [])):
            self.join(cell, following, "carries on", inputs[at + 1].step)
            if both_ways:
                self.join(following, cell, "carries on", backward[at])
        return cells

    def remember(self, read: list[Node]) -> None:
        """Add the memories of nodes."""
        (reads, remembers, _), labels = self.parts, self.wiring.labels
        one_each = remembers in ("each position", "expanded positions", "state and every output")
        for node in read if one_each else []:
            for part in range(self.width):
                memory = self.add("memory", node.column + part - (self.width - 1) / 2, node.step, "h")
                self.positions.append(memory)
                self.join(node, memory, "remembers")
        labels["memory"] = _MEMORIES.get((reads, remembers)) or _MEMORIES["sequence", remembers]
        if self.read_first < self.source:
            labels["memory"] = "h, c so far"
        if remembers in ("each position", "expanded positions"):
            return
        text = "mean" if reads == "bag" else "h" if remembers == "vector" else "h c"
        self.vector = self.add("memory", read[-1].column + 1, max(node.step for node in read), text)
        ends = {0, len(read) - 1} if self.both_ways else {len(read) - 1}
        for node in read if reads in ("bag", "each token") else [read[at] for at in sorted(ends)]:
            self.join(node, self.vector, "remembers")

    def write(self, over: Sequence[Node]) -> None:
        """Add a target token over each node."""
        self.wiring.labels["target"] = "target"
        for at, node in enumerate(over, 1):
            self.join(node, self.add("target", node.column, node.step, f"y{at}"), "writes")

    def write_between_blanks(self) -> None:
        """Add a target token or a blank over each position, tokens spread evenly."""
        count, written = len(self.positions), min(self.target, len(self.positions))
        for at, cell in enumerate(self.cells("writer", self.positions, self.both_ways)):
            before, here = at * written // count, (at + 1) * written // count
            role: Role = "target" if here > before else "blank"
            node = self.add(role, cell.column, cell.step, f"y{here}" if here > before else "", "target")
            self.join(cell, node, "writes")
        self.wiring.labels |= {"writer": "LSTM, both ways" if self.both_ways else "LSTM", "target": "tokens and blanks"}

    def write_after_reading(self) -> None:
        """Add cells right of what was read, each with its input and what it has in sight, and what they write."""
        vector, parts = self.vector, self.parts
        places = [(vector.column + at, vector.step + at) for at in range(1, self.target + 1)]
        if parts.writes == "all at once":
            cells = [self.add("writer", column, vector.step + 1) for column, _ in places]
            for cell in cells:
                self.join(vector, cell, "reads")
        else:
            cells = self.cells("writer", [self.input(at, *place) for at, place in enumerate(places)])
        if parts.remembers != "vector":
            self.join(vector, cells[0], "carries on")
        seen = [self.in_sight(cell) for cell in cells]
        self.write(cells)
        for node, written in zip(seen, self.wiring.of("target"), strict=True):
            if node:
                self.join(node, written, "writes")
        self.wiring.labels["writer"] = (
            "Dense" if parts.writes == "all at once" else "the same LSTM" if self.wiring.shared else "LSTM"
        )

    def input(self, at: int, column: float, step: int) -> Node:
        """What a cell reads when it writes."""
        if self.parts.writes == "over the target so far":
            return self.token_so_far(at, column, step, "input")
        if self.parts.writes == "over copies":
            return self.copy(column)
        read = len(self.wiring.of("source"))
        if read < self.source:
            return self.add("source", column, step, f"x{read + 1}")
        self.wiring.labels["blank"] = "blanks"
        return self.add("blank", column, step, layer="input")

    def copy(self, column: float) -> Node:
        text = "h" if self.parts.remembers != "vector" else self.vector.text
        copy = self.add("copy", column, self.vector.step, text)
        self.wiring.labels["copy"] = "h at every step" if self.parts.remembers == "state in sight" else "copies"
        self.join(self.vector, copy, "remembers")
        return copy

    def in_sight(self, cell: Node) -> Node | None:
        """What is joined to the output of a cell, beside its state."""
        if self.parts.remembers == "state in sight":
            copy = self.copy(cell.column)
            self.join(copy, cell, "reads")
            return copy
        if self.parts.remembers != "state and every output":
            return None
        context = self.add("context", cell.column, cell.step, "Σ")
        self.wiring.labels["context"] = "weighted mean"
        for memory in self.positions:
            self.join(memory, context, "looks back")
        self.join(cell, context, "looks back")
        return context
