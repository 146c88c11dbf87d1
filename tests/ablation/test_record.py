"""A record holds finished cells, whole, of one ablation only."""

from __future__ import annotations

import dataclasses
import errno
import json
import lzma
import os
from pathlib import Path
from typing import Any

import pytest
from made_up import made_up

from mtlite.ablation.header import Header
from mtlite.ablation.record import CellLine, HeaderLine, Record
from mtlite.comparison.outcome import Outcome
from mtlite.config.read import plain
from mtlite.errors import RunError, UsageError
from mtlite.limits import MAX_TEXT
from mtlite.report.gather import gather


def written(path: Path, header: Header, outcomes: dict[str, Outcome]) -> Path:
    record = Record(path)
    record.add_header(header)
    for name, outcome in outcomes.items():
        record.add(header, name, outcome)
    return path


def fail_with_full_disk(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    header, outcomes = made_up(beam=4)
    record = Record(written(tmp_path / "r.jsonl.xz", header, outcomes))
    assert plain(record.outcomes(header)) == plain(outcomes)
    assert record.header == header
    assert os.listdir(tmp_path) == ["r.jsonl.xz"]


def test_lines_that_are_compressed_together_are_the_same_and_smaller(tmp_path: Path) -> None:
    header, outcomes = made_up()
    path = tmp_path / "r.jsonl.xz"
    record = Record(path)
    record.add_header(header)
    for name, outcome in outcomes.items():
        record.add(header, name, outcome)
    before = path.read_bytes()
    Record(path).compress()
    assert path.read_bytes() == before, "nothing was added"
    record.compress()
    assert lzma.decompress(path.read_bytes()) == lzma.decompress(before)
    assert path.stat().st_size < 0.8 * len(before)
    written(path, header, {"one more": outcomes["peek-seed-1"]})
    assert set(Record(path).outcomes(header)) == {*outcomes, "one more"}


@pytest.mark.parametrize("tail", [b"", b"\0" * 4096])
def test_a_cell_that_was_cut_off_is_not_counted_and_does_not_spoil_the_next(tmp_path: Path, tail: bytes) -> None:
    header, outcomes = made_up()
    path = written(tmp_path / "r.jsonl.xz", header, outcomes)
    path.write_bytes(path.read_bytes()[:-100] + tail)
    record = Record(path)
    *others, last = outcomes
    assert list(record.outcomes(header)) == others
    record.add(header, last, outcomes[last])
    assert set(Record(path).outcomes(header)) == set(outcomes)


def test_two_records_of_one_ablation_can_be_put_together(tmp_path: Path) -> None:
    header, outcomes = made_up()
    names = list(outcomes)
    first = written(tmp_path / "a.jsonl.xz", header, {name: outcomes[name] for name in names[:2]})
    second = written(tmp_path / "b.jsonl.xz", header, {name: outcomes[name] for name in names[1:]})
    both = tmp_path / "both.jsonl.xz"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    assert set(Record(both).outcomes(header)) == set(names)


def test_a_later_start_may_ask_for_more(tmp_path: Path) -> None:
    header, outcomes = made_up(topologies=["attention", "peek"], seeds=[1, 2], grid={"model.units": [4]})
    more, others = made_up(topologies=["attention", "ctc"], seeds=[3], grid={"model.units": [8, 4]})
    path = written(tmp_path / "r.jsonl.xz", header, outcomes)
    written(path, more, others)
    written(path, more, {})
    record = Record(path)
    assert len(record.headers) == 2
    assert record.header is not None
    merged: dict[str, Any] = {
        "topologies": ["attention", "peek", "ctc"],
        "seeds": [1, 2, 3],
        "grid": {"model.units": [4, 8]},
    }
    assert record.header.ablation == dataclasses.replace(header.ablation, **merged)
    assert set(record.outcomes(record.header)) == {*outcomes, *others}
    systems, _ = gather(record.header, record.outcomes(record.header))
    assert [system.name for system in systems if system.system.topology == "ctc"] == ["ctc units=4", "ctc units=8"]


def test_another_ablation_is_refused_with_what_differs(tmp_path: Path) -> None:
    header, outcomes = made_up()
    record = Record(written(tmp_path / "r.jsonl.xz", header, outcomes))
    shared = {**header.shared, "training.learning_rate": 0.5, "the training pairs": "b" * 64}
    with pytest.raises(UsageError) as error:
        record.outcomes(dataclasses.replace(header, shared=shared))
    assert "training.learning_rate (0.5 here, 0.01 there), the training pairs" in str(error.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hello", "no record of mtlite ablate"),
        (lzma.compress(b"hello\n"), "line 1, is damaged"),
        (lzma.compress(b"[" * 100_000), "line 1, is damaged"),
        (lzma.compress(b'{"update": 3}\n'), "line 1, is damaged"),
        (b'{"kind": "experiment"}\n', "of an earlier version of mtlite"),
        (lzma.compress(b" " * (8 << 20)), "expands to more than"),
    ],
)
def test_another_file_is_no_record(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "r.jsonl.xz"
    path.write_bytes(content)
    with pytest.raises(RunError, match=said) as error:
        Record(path)
    assert "\n" not in str(error.value)


def test_a_damaged_byte_is_found(tmp_path: Path) -> None:
    header, outcomes = made_up()
    path = written(tmp_path / "r.jsonl.xz", header, outcomes)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(RunError, match="is damaged"):
        Record(path)


def test_a_new_file_holds_nothing(tmp_path: Path) -> None:
    assert Record(tmp_path / "new.jsonl.xz").header is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shared": []}, "header.shared"),
        ({"ablation": 7}, "header.ablation"),
        ({"ablation": {"topologies": ["atention"]}}, "atention"),
        ({"sides": {}}, "both sides of test"),
        ({"pair": [1]}, "header.pair"),
        ({"tests": ["nope"]}, "both sides of nope"),
        ({"ablation": {"x": 1}}, "unknown option 'header.ablation.x'"),
        ({"ablation": {"grid": {f"model.{n}": list(range(50)) for n in range(8)}}}, "cells: expected at most"),
        ({"ablation": {"topologies": ["peek"], "seeds": list(range(200_000))}}, "seeds: expected at most"),
        ({"frequencies": {"a": 10**400}}, "frequencies.a: expected at most"),
        ({"frequencies": {"a\ud800": 1}}, "frequencies: expected text in UTF-8"),
        ({"recipe": {"a": json.loads("[" * 500 + "]" * 500)}}, "recipe.a: expected at most"),
        ({"recipe": {"a": 10**400}}, "at most 64 bits"),
        ({"recipe": {"a": float("nan")}}, "at most 64 bits"),
        ({"name": "x" * (MAX_TEXT + 1)}, "name: expected a text of at most"),
    ],
)
def test_a_header_that_no_ablation_has_written(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    header = {**plain(made_up()[0]), **change}
    path = tmp_path / "r.jsonl.xz"
    path.write_bytes(lzma.compress(json.dumps({"kind": "header", "header": header}).encode()))
    with pytest.raises(RunError, match=said):
        Record(path)


def with_value(values: Any, path: str, value: Any) -> Any:
    """Plain values in which one, at a path such as `curve.0`, is another."""
    first, _, rest = path.partition(".")
    place = int(first) if isinstance(values, list) else first
    values[place] = with_value(values[place], rest, value) if rest else value
    return values


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("curve", [[1, 2]]),
        ("curve.0.1", 10**400),
        ("curve.0.2", float("inf")),
        ("outputs.greedy.test.hypotheses.0", "\ud800"),
        ("outputs.greedy.test.statistics.counts.bleu.0.0", -1),
        ("outputs.greedy.test.statistics.counts.bleu.0.0", 2**40),
        ("outputs.greedy.test.statistics.counts.bleu.0.0", "1"),
        ("outputs.greedy.test.statistics.counts.bleu.0.0", True),
        ("outputs.greedy.test.statistics.counts.bleu.0", []),
        ("outputs.greedy.test.statistics.counts.ter", []),
        ("likelihood.test.pieces", ["x" * 10_000] + ["y"] * 10_000),
        ("attention.0.weights", [[[0.5]]]),
        ("facts.parameters", 10**400),
        ("config", {"model.units": [[[1]] * 9, 10**400]}),
    ],
)
def test_numbers_and_texts_that_no_cell_has(tmp_path: Path, path: str, value: Any) -> None:
    header, outcomes = made_up()
    outcome = with_value(plain(outcomes["attention-seed-1"]), path, value)
    lines = [plain(HeaderLine(header=header)), {"experiment": header.experiment, "cell": "a", "outcome": outcome}]
    (tmp_path / "r.jsonl.xz").write_bytes(lzma.compress("\n".join(map(json.dumps, lines)).encode()))
    with pytest.raises(RunError, match="line 2, is damaged: ") as error:
        Record(tmp_path / "r.jsonl.xz")
    assert any(part in str(error.value) for part in path.split("."))
    assert len(str(error.value)) < 1000


@pytest.mark.parametrize("change", [{"cell": None}, {"outcome": 5}, {"outcome": {}}, {"outcome": {"curve": [["x"]]}}])
def test_a_cell_that_no_ablation_has_written(tmp_path: Path, change: dict[str, Any]) -> None:
    header, outcomes = made_up()
    name, outcome = next(iter(outcomes.items()))
    lines = [HeaderLine(header=header), CellLine(experiment=header.experiment, cell=name, outcome=outcome)]
    values = [plain(lines[0]), {**plain(lines[1]), **change}]
    path = tmp_path / "r.jsonl.xz"
    path.write_bytes(lzma.compress("\n".join(map(json.dumps, values)).encode()))
    with pytest.raises(RunError, match="line 2, is damaged"):
        Record(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "r.jsonl.xz")
    with pytest.raises(RunError, match="a pipe or a device"):
        Record(tmp_path / "r.jsonl.xz")


def test_a_folder_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        Record(tmp_path / "nowhere" / "r.jsonl.xz")


def test_a_full_disk_leaves_the_record_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header, outcomes = made_up()
    path = written(tmp_path / "r.jsonl.xz", header, {})
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", fail_with_full_disk)
    with pytest.raises(RunError, match="No space left"):
        Record(path).add(header, "peek-seed-1", outcomes["peek-seed-1"])
    assert path.read_bytes() == before
