"""The page's wiring is that of `mtlite/topologies/wiring.py`, node by node and edge by edge."""

from __future__ import annotations

import dataclasses
import json
from itertools import product
from typing import Any

import pytest
from page_in_node import run_module

from mtlite.config.registry import TOPOLOGIES
from mtlite.topologies.wiring import wire

LENGTHS = [1, 2, 3, 4, 5, 7, 12, 33]
NAMES = [name for name, entry in TOPOLOGIES.items() if entry.parts]

MIRROR = """
const {wire} = await page("engine/wiring.js");
const wirings = given.map(({parts, source, target, bothWays}) => {
  const {nodes, edges, labels, shared} = wire(parts, source, target, {bothWays});
  return {nodes, edges, labels, shared};
});
console.log(JSON.stringify(wirings));
"""


@pytest.fixture(scope="module")
def mirrored() -> dict[tuple[str, int, int], Any]:
    """What JavaScript makes of every topology and every two lengths."""
    cases = list(product(NAMES, LENGTHS, LENGTHS))
    asked = [
        {
            "parts": TOPOLOGIES[name].parts,
            "source": source,
            "target": target,
            "bothWays": "bidirectional" in TOPOLOGIES[name].options,
        }
        for name, source, target in cases
    ]
    return dict(zip(cases, run_module(MIRROR, asked), strict=True))


def test_there_are_twelve():
    assert len(NAMES) == len(TOPOLOGIES) == 12


@pytest.mark.parametrize("name", NAMES)
def test_nodes_and_edges_are_those_of_python(name, mirrored):
    for source, target in product(LENGTHS, LENGTHS):
        wiring = wire(name, source, target)
        assert wiring is not None
        assert mirrored[name, source, target] == json.loads(json.dumps(dataclasses.asdict(wiring))), (source, target)


def test_a_run_may_wait_and_spread_as_it_was_configured():
    parts = {name: TOPOLOGIES[name].parts for name in ("last-n", "ctc", "encoder-decoder")}
    code = """
    const {wire} = await page("engine/wiring.js");
    const steps = (wait) => wire(given["last-n"], 6, 4, {wait}).of("target").map(({step}) => step);
    const spread = wire(given.ctc, 4, 5, {expansion: 3});
    const forwards = wire(given["encoder-decoder"], 4, 2);
    const columns = spread.of("source").map(({column}) => column);
    const remembered = forwards.edges.filter(({use}) => use === "remembers").map(({start}) => start);
    console.log(JSON.stringify([
      ...[0, 0.25, 1].map(steps), spread.of("memory").length, columns, remembered,
    ]));
    """
    at_once, early, late, positions, columns, last = run_module(code, parts)
    assert at_once[0] < early[0] + 1 <= late[0]
    assert late == [7, 8, 9, 10]
    assert (positions, columns) == (12, [1, 4, 7, 10])
    assert last == ["reader-4"]
