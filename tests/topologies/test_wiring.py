"""The wiring of each topology says what its row in the table says: who reads, remembers and writes what."""

from __future__ import annotations

import dataclasses
import json
from itertools import product
from typing import get_args

import pytest

from mtlite.config.registry import TOPOLOGIES, Entry, Parts, Reads, Remembers, Writes
from mtlite.errors import UsageError
from mtlite.topologies.wiring import Wiring, wire

NAMES = [name for name, entry in TOPOLOGIES.items() if entry.parts]
AUTOREGRESSIVE = [name for name in NAMES if TOPOLOGIES[name].family == "autoregressive"]
SIZES = [(1, 1), (3, 4), (5, 2), (11, 12)]


def wired(name: str, source: int = 3, target: int = 4) -> Wiring:
    wiring = wire(name, source, target)
    assert wiring is not None
    return wiring


def edges(wiring: Wiring, start: str, end: str, use: str | None = None) -> list[tuple[int, int]]:
    """Numbers of both ends of the edges between two roles."""
    pairs = [(*edge.start.rsplit("-", 1), *edge.end.rsplit("-", 1)) for edge in wiring.edges if use in (None, edge.use)]
    return sorted((int(one), int(other)) for role, one, last, other in pairs if (role, last) == (start, end))


def each(count: int) -> list[tuple[int, int]]:
    return [(at, at) for at in range(1, count + 1)]


def chain(first: int, last: int) -> list[tuple[int, int]]:
    return [(at, at + 1) for at in range(first, last)]


def both_ways(count: int) -> list[tuple[int, int]]:
    return sorted([*chain(1, count), *((there, here) for here, there in chain(1, count))])


def every(sources: int, targets: int) -> list[tuple[int, int]]:
    return [(one, other) for one in range(1, sources + 1) for other in range(1, targets + 1)]


def test_one_to_one_has_neither_neighbours_nor_time() -> None:
    wiring = wired("one-to-one")
    for start, end in (("source", "reader"), ("reader", "memory"), ("memory", "target")):
        assert edges(wiring, start, end) == each(3)
    assert len(wiring.edges) == 9
    assert {node.step for node in wiring.nodes} == {1}


def test_one_to_many_reads_all_into_one_mean_without_order() -> None:
    wiring = wired("one-to-many")
    assert edges(wiring, "source", "memory") == every(3, 1)
    assert {node.step for node in wiring.of("source")} == {1}
    assert not wiring.of("reader")
    assert edges(wiring, "memory", "copy") == every(1, 4)
    assert edges(wiring, "copy", "writer") == edges(wiring, "writer", "target") == each(4)
    assert edges(wiring, "writer", "writer", "carries on") == chain(1, 4)


def test_many_to_one_reads_source_and_target_so_far_as_one_sequence() -> None:
    wiring = wired("many-to-one")
    assert edges(wiring, "source", "reader") == each(3)
    assert edges(wiring, "so-far", "reader") == [(1, 4), (2, 5), (3, 6), (4, 7)]
    assert edges(wiring, "reader", "reader") == chain(1, 7)
    assert edges(wiring, "reader", "memory") == [(4, 1), (5, 2), (6, 3), (7, 4)]
    assert edges(wiring, "memory", "target") == each(4)
    assert not wiring.of("writer")


def test_aligned_writes_each_output_of_both_directions() -> None:
    wiring = wired("aligned")
    assert edges(wiring, "reader", "reader", "carries on") == both_ways(3)
    assert edges(wiring, "reader", "memory") == edges(wiring, "memory", "target") == each(3)
    assert [node.step for node in wiring.of("reader")] == [3, 2, 3]


@pytest.mark.parametrize(("source", "target", "before", "blanks"), [(3, 4, 2, 3), (4, 3, 2, 1), (8, 2, 6, 0)])
def test_last_n_writes_its_last_steps_while_it_reads(source: int, target: int, before: int, blanks: int) -> None:
    wiring = wired("last-n", source, target)
    assert edges(wiring, "source", "reader") == each(before)
    assert [start for start, _ in edges(wiring, "source", "writer")] == list(range(before + 1, source + 1))
    assert len(edges(wiring, "blank", "writer")) == blanks
    assert edges(wiring, "memory", "writer", "carries on") == [(1, 1)]
    assert edges(wiring, "writer", "target") == each(target)
    assert wiring.shared


def test_padded_writes_at_blanks_with_the_network_that_reads() -> None:
    wiring = wired("padded")
    assert edges(wiring, "reader", "reader") == chain(1, 3)
    assert edges(wiring, "reader", "memory") == [(3, 1)]
    assert edges(wiring, "memory", "writer", "carries on") == [(1, 1)]
    assert edges(wiring, "blank", "writer") == edges(wiring, "writer", "target") == each(4)
    assert wiring.shared


def test_vector_dense_writes_all_at_once() -> None:
    wiring = wired("vector-dense")
    assert edges(wiring, "reader", "memory") == [(1, 1), (3, 1)]
    assert edges(wiring, "memory", "writer") == every(1, 4)
    assert not edges(wiring, "writer", "writer")
    assert len({node.step for node in wiring.of("target")}) == 1


def test_repeat_vector_writes_over_copies_and_starts_from_nothing() -> None:
    wiring = wired("repeat-vector")
    assert edges(wiring, "reader", "memory") == [(1, 1), (3, 1)]
    assert edges(wiring, "memory", "copy") == every(1, 4)
    assert edges(wiring, "copy", "writer") == each(4)
    assert not edges(wiring, "memory", "writer")


def test_encoder_decoder_hands_its_state_to_the_first_step_only() -> None:
    wiring = wired("encoder-decoder")
    assert edges(wiring, "memory", "writer") == edges(wiring, "memory", "writer", "carries on") == [(1, 1)]
    assert edges(wiring, "so-far", "writer") == edges(wiring, "writer", "target") == each(4)
    assert not wiring.shared


def test_peek_has_h_in_sight_at_every_step_and_every_output() -> None:
    wiring = wired("peek")
    assert edges(wiring, "memory", "copy") == every(1, 4)
    assert edges(wiring, "copy", "writer") == edges(wiring, "copy", "target") == each(4)
    assert len(wiring.edges) == len(wired("encoder-decoder").edges) + 12


def test_attention_looks_back_at_every_output_at_every_step() -> None:
    wiring = wired("attention")
    assert edges(wiring, "reader", "memory") == [(1, 1), (1, 4), (2, 2), (3, 3), (3, 4)]
    assert edges(wiring, "memory", "context", "looks back") == every(3, 4)
    assert edges(wiring, "writer", "context", "looks back") == edges(wiring, "context", "target") == each(4)
    assert edges(wiring, "memory", "writer") == [(4, 1)]


@pytest.mark.parametrize(("source", "target"), [(3, 4), (4, 1), (2, 9)])
def test_ctc_has_a_position_for_every_written_token(source: int, target: int) -> None:
    wiring = wired("ctc", source, target)
    assert edges(wiring, "reader", "memory") == [((at + 1) // 2, at) for at in range(1, 2 * source + 1)]
    assert edges(wiring, "memory", "writer") == each(2 * source)
    above = {edge.start for edge in wiring.edges if edge.use == "writes"}
    assert above == {node.name for node in wiring.of("writer")}
    assert len(wiring.of("target")) == min(target, 2 * source)
    assert len(wiring.of("target")) + len(wiring.of("blank")) == 2 * source


@pytest.mark.parametrize("name", NAMES)
def test_only_the_autoregressive_are_told_what_they_wrote(name: str) -> None:
    wiring = wired(name)
    assert edges(wiring, "target", "so-far", "feeds back") == (chain(1, 4) if name in AUTOREGRESSIVE else [])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_used_before_it_is_known_and_all_that_is_known_is_written(name: str, size: tuple[int, int]) -> None:
    wiring = wired(name, *size)
    steps = {node.name: node.step for node in wiring.nodes}
    assert len(steps) == len(wiring.nodes) == len({(node.column, node.layer) for node in wiring.nodes})
    assert len(wiring.of("source")) == size[0]
    assert len({(edge.start, edge.end) for edge in wiring.edges}) == len(wiring.edges)
    for edge in wiring.edges:
        assert edge.step <= steps[edge.end]
        assert steps[edge.start] <= edge.step or edge.use == "carries on"  # in one of two directions
    used = {edge.start for edge in wiring.edges}
    assert {node.role for node in wiring.nodes if node.name not in used} <= {"target", "blank"}


def test_as_plain_values() -> None:
    plain = json.loads(json.dumps(dataclasses.asdict(wired("peek"))))
    assert plain["nodes"][0] == {**plain["nodes"][0], "name": "source-1", "role": "source", "step": 1, "text": "x₁"}
    assert {"start": "copy-1", "end": "writer-1", "use": "reads", "step": 4} in plain["edges"]


def with_parts(monkeypatch: pytest.MonkeyPatch, parts: Parts | None) -> None:
    monkeypatch.setitem(TOPOLOGIES, "mine", Entry("direct", "o", "a", "b", "c", parts=parts))


def test_without_parts_there_is_no_wiring(monkeypatch: pytest.MonkeyPatch) -> None:
    with_parts(monkeypatch, None)
    assert wire("mine") is None


def test_parts_fit_together_or_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    written, refused = [], []
    for parts in product(get_args(Reads), get_args(Remembers), get_args(Writes)):
        with_parts(monkeypatch, Parts(*parts))
        try:
            written.append(len(wired("mine").of("target")))
        except UsageError as error:
            refused.append("parts.writes" in str(error))
    assert len(written) == 4 * (2 * 2 + 1 * 2 + 3 * 3)
    assert all(written)
    assert all(refused)


@pytest.mark.parametrize(("at", "field"), [(0, "reads"), (1, "remembers"), (2, "writes")])
def test_an_unknown_part_is_named(at: int, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words: list[str] = ["sequence", "state", "at blanks"]
    words[at] = "magic"
    with_parts(monkeypatch, Parts(*words))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=rf"topology mine: expected parts\.{field} among .*received magic"):
        wire("mine")
