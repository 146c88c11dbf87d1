"""What more workers and nodes would bring: the arithmetic by hand, by enumeration and by theory; no times are taken."""

from __future__ import annotations

import json
import math
from itertools import product
from pathlib import Path
from statistics import mean
from typing import Any

import cost_of_workers
import cost_tables
import pytest
from cost_model import Grid, Network, fit, seconds_of_update, slowest, wire

PAGE = Path(__file__).resolve().parents[1] / "scripts" / "README.md"

BATCHES = [0.2, 0.5, 0.3, 0.2]


def record() -> dict[str, Any]:
    """Of a machine with two processors, whose loopback does what the model says."""
    network = Network(0.001, 1e9)
    times = {
        str(workers): {str(size): network.sum(size, workers) * max(1, workers / 2) for size in cost_tables.SIZES}
        for workers in cost_tables.ON_LOOPBACK
    }
    computation = {"parameters": 1_000_000, "seconds": BATCHES, "tokens": [3000, 4000, 3500, 3500]}
    return {"processors": 2, "loopback": times, "computation": computation}


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["cost_of_workers.py", *arguments])
    return cost_of_workers.main()


def test_a_sum_by_hand() -> None:
    network = Network(latency=0.5, bandwidth=100.0)
    assert network.sum(400, 1) == 0
    assert network.sum(400, 2) == 2 * 0.5 + (200 + 200) / 100  # half of all to the other, half of the sum back
    assert network.sum(400, 4) == 4 * 0.5 + (300 + 300) / 100
    assert wire(10, 50) == Network(50e-6, 1.25e9)


def test_software_and_wire_take_their_times_in_turn() -> None:
    first, second = Network(0.5, 100.0), Network(0.25, 300.0)
    assert first.then(second).sum(400, 3) == pytest.approx(first.sum(400, 3) + second.sum(400, 3))


def test_two_sizes_give_the_network_back() -> None:
    network = Network(0.002, 7e8)
    found = fit((1000, network.sum(1000, 2)), (10**7, network.sum(10**7, 2)))
    assert found == pytest.approx(network)


@pytest.mark.parametrize("workers", [1, 2, 3, 4])
def test_the_slowest_worker_is_that_of_all_draws(workers: int) -> None:
    expected = mean(max(drawn) for drawn in product(BATCHES, repeat=workers))
    assert slowest(BATCHES, workers, 1) == pytest.approx(expected)
    assert slowest(BATCHES, 1, 8) == pytest.approx(8 * mean(BATCHES))


def test_the_slowest_of_two_sums_of_batches_is_nearly_that_of_all_draws() -> None:
    sums = [sum(drawn) for drawn in product(BATCHES, repeat=4)]
    expected = mean(max(pair) for pair in product(sums, repeat=2))
    assert slowest(BATCHES, 2, 4) == pytest.approx(expected, rel=0.01)


def test_an_update_is_computation_sum_and_signals() -> None:
    network = Network(0.25, 1e6)
    assert seconds_of_update(network, BATCHES, 1_000_000, 1, 2) == pytest.approx(2 * mean(BATCHES))
    expected = slowest(BATCHES, 2, 1) + network.sum(4_000_000, 2) + 0.5
    assert seconds_of_update(network, BATCHES, 1_000_000, 2, 1) == pytest.approx(expected)


def test_without_failures_a_grid_is_full_rounds() -> None:
    grid = Grid(cells=10, each=3.0, between_failures=math.inf)
    assert [grid.run(nodes, 0) for nodes in (1, 4, 5, 20)] == [(30, 0), (9, 0), (6, 0), (3, 0)]


@pytest.mark.parametrize("saved", [None, 0.5, 0.7])
def test_one_node_works_for_what_ends_and_for_what_is_lost(saved: float | None) -> None:
    ends = [Grid(5, 2.0, 1.5, saved, repair=0.0).run(1, seed) for seed in range(20)]
    assert [end - lost for end, lost in ends] == pytest.approx([10.0] * 20)
    assert min(lost for _, lost in ends) > 0


@pytest.mark.parametrize(("saved", "pieces"), [(None, 1), (0.5, 4)])
def test_a_cell_takes_as_long_as_theory_says(saved: float | None, pieces: int) -> None:
    """A piece of length t that starts again takes `(exp(t / m) - 1) * m`, with failures every m; a repair adds to m."""
    end, _ = Grid(cells=1, each=2.0, between_failures=1.0, saved=saved, repair=0.25).mean(1, 6000)
    assert end == pytest.approx(pieces * (math.exp(2.0 / pieces) - 1) * 1.25, rel=0.05)


def test_a_failed_cell_goes_on_at_another_node() -> None:
    grid = Grid(cells=1, each=2.0, between_failures=1.0, saved=0.5, repair=100.0)
    ends = [grid.run(50, seed)[0] for seed in range(20)]
    assert max(ends) < 100


def test_tables_show_what_the_model_predicts() -> None:
    columns, rows = cost_tables.workers_table(record())
    assert len(columns) == 2 + len(cost_tables.GIGABITS) * len(cost_tables.ACCUMULATE)
    alone, *_ = rows
    assert alone == ["1", *[f"{3500 / 0.3:,.0f}"] * (len(columns) - 1)]
    software = Network(0.001, 1e9).then(wire(cost_tables.GIGABITS[0], cost_tables.LATENCY))
    assert rows[1][1] == f"{2 * 3500 / seconds_of_update(software, BATCHES, 1_000_000, 2, 1):,.0f}"
    assert rows[1][-1] == f"{2 * 3500 / 0.3:,.0f}"
    columns, rows = cost_tables.loopback_table(record())
    for row in rows:
        assert all(guess in (found, "fitted") for guess, found in zip(row[1::2], row[2::2], strict=True)), row
    assert sum(row[1] == "fitted" for row in rows) == len(cost_tables.FITTED)


def test_a_record_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record()))
    assert run(monkeypatch, "--record", str(path), "--gigabits", "25", "--cells", "8", "--hours", "1.5") == 0
    shown = capsys.readouterr().out
    assert "25 Gbit/s, accumulate 8" in shown
    assert [line.split()[:2] for line in shown.splitlines()][-5:-3] == [["4", "3.0"], ["8", "1.5"]]


def test_a_record_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--record", str(tmp_path / "none.json")) == 2
    said = capsys.readouterr().err
    assert all(each in said for each in ("--record", "none.json", "--measure"))
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, "--latency", "0")
    assert stopped.value.code == 2
    assert "--latency" in capsys.readouterr().err


def test_the_picture_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        cost_tables.draw(record(), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_the_page_says_how_well_the_model_predicts_loopback() -> None:
    found = cost_tables.read(cost_tables.RECORD)
    measured = {(int(n), int(size)): value for n, row in found["loopback"].items() for size, value in row.items()}
    checks = [place for place in measured if place not in [(2, size) for size in cost_tables.FITTED]]
    factors = [cost_tables.on_loopback(found, *place) / measured[place] for place in checks]
    factors = [max(factor, 1 / factor) for factor in factors]
    near = sum(factor <= 1.2 for factor in factors)
    said = f"{near} of the {len(factors)} predictions are within a factor of 1.20, all within {max(factors):.2f}."
    assert said in PAGE.read_text(encoding="utf-8")
