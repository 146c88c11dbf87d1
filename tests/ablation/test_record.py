"""A record holds finished cells, whole, of one ablation only."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtlite.ablation.experiment import fingerprint
from mtlite.ablation.record import Record
from mtlite.comparison.packing import pack, pack_statistics, unpack, unpack_json, unpack_statistics
from mtlite.errors import RunError, UsageError
from mtlite.report.gather import gather


def written(path: Path, header: dict[str, Any], outcomes: dict[str, Any]) -> Record:
    record = Record(path)
    record.write_header(header)
    for name, outcome in outcomes.items():
        record.append(header["experiment"], name, outcome)
    return record


def test_what_is_written_is_read(tmp_path: Path, made_up: Any) -> None:
    header, outcomes = made_up()
    record = written(tmp_path / "r.jsonl", header, outcomes)
    found = Record(record.path).outcomes(header)
    assert {name: outcome.values for name, outcome in found.items()} == {
        name: outcome.values for name, outcome in outcomes.items()
    }
    assert Record(record.path).header() == {"kind": "experiment", **header}
    ours, theirs = (each["peek-seed-2"].outputs["greedy"]["test"] for each in (outcomes, found))
    assert ours.hypotheses == theirs.hypotheses
    assert all((ours.statistics.counts[name] == theirs.statistics.counts[name]).all() for name in ("bleu", "chrf2"))


def test_a_line_that_was_cut_off_is_not_counted_and_does_not_spoil_the_next(tmp_path: Path, made_up: Any) -> None:
    header, outcomes = made_up()
    record = written(tmp_path / "r.jsonl", header, outcomes)
    whole = record.path.read_bytes()
    record.path.write_bytes(whole[:-100])
    assert len(record.outcomes(header)) == len(outcomes) - 1
    last = list(outcomes)[-1]
    record.append(header["experiment"], last, outcomes[last])
    assert set(record.outcomes(header)) == set(outcomes)


def test_two_records_of_one_ablation_can_be_put_together(tmp_path: Path, made_up: Any) -> None:
    header, outcomes = made_up()
    names = list(outcomes)
    first = written(tmp_path / "a.jsonl", header, {name: outcomes[name] for name in names[:2]})
    second = written(tmp_path / "b.jsonl", header, {name: outcomes[name] for name in names[1:]})
    both = tmp_path / "both.jsonl"
    both.write_bytes(first.path.read_bytes() + second.path.read_bytes())
    assert set(Record(both).outcomes(header)) == set(names)


def test_a_later_start_may_ask_for_more(tmp_path: Path, made_up: Any) -> None:
    header, outcomes = made_up(topologies=["attention", "peek"], seeds=[1, 2], grid={"model.units": [4]})
    more, others = made_up(topologies=["attention", "ctc"], seeds=[3], grid={"model.units": [8, 4]})
    record = written(tmp_path / "r.jsonl", header, outcomes)
    written(record.path, more, others)
    written(record.path, more, {})
    found = Record(record.path).header()
    assert found is not None
    assert record.path.read_text().count('"kind": "experiment"') == 2
    merged = {"topologies": ["attention", "peek", "ctc"], "seeds": [1, 2, 3], "grid": {"model.units": [4, 8]}}
    assert found["ablation"] == {**header["ablation"], **merged}
    assert set(record.outcomes(found)) == {*outcomes, *others}
    systems, _ = gather(found, record.outcomes(found))
    assert [system.name for system in systems if system.system.topology == "ctc"] == ["ctc units=4", "ctc units=8"]


def test_another_ablation_is_refused_with_what_differs(tmp_path: Path, made_up: Any) -> None:
    header, outcomes = made_up()
    record = written(tmp_path / "r.jsonl", header, outcomes)
    shared = {**header["shared"], "training.learning_rate": 0.5, "the training pairs": "b" * 64}
    with pytest.raises(UsageError) as error:
        record.outcomes({**header, "shared": shared, "experiment": fingerprint(shared)})
    assert "training.learning_rate (0.5 here, 0.01 there), the training pairs" in str(error.value)


def test_another_file_is_no_record(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text('{"update": 3}\nhello\n')
    with pytest.raises(RunError, match="not a record of mtlite ablate"):
        Record(path).header()
    assert Record(tmp_path / "new.jsonl").header() is None


def test_packed_values_are_checked(made_up: Any) -> None:
    statistics = next(iter(made_up()[1].values())).outputs["greedy"]["test"].statistics
    packed = pack_statistics(statistics)
    assert np.array_equal(unpack_statistics(packed).counts["ter"], statistics.counts["ter"])
    for damaged in ("", "!", pack(b"12345")[:-6], None):
        with pytest.raises(RunError, match="packed"):
            unpack(damaged)  # type: ignore[arg-type]
    with pytest.raises(RunError, match="damaged"):
        unpack_statistics({**packed, "counts": {**packed["counts"], "bleu": pack(b"123")}})
    with pytest.raises(RunError, match="damaged"):
        unpack_json(pack(b"{"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shared": []}, "expected shared"),
        ({"ablation": 7}, "expected shared"),
        ({"shared": {"training.learning_rate": 5}}, "was altered"),
    ],
)
def test_a_header_that_no_ablation_has_written(tmp_path: Path, made_up: Any, change: Any, said: str) -> None:
    header, _ = made_up()
    path = tmp_path / "r.jsonl"
    path.write_text(json.dumps({"kind": "experiment", **header, **change}) + "\n")
    with pytest.raises(RunError, match=said):
        Record(path).header()


@pytest.mark.parametrize("change", [{"cell": None}, {"outcome": 5}, {"outcome": {}}, {"outcome": {"curve": [["x"]]}}])
def test_a_cell_that_no_ablation_has_written(tmp_path: Path, made_up: Any, change: Any) -> None:
    header, outcomes = made_up()
    record = written(tmp_path / "r.jsonl", header, {})
    name, outcome = next(iter(outcomes.items()))
    cell = {"kind": "cell", "experiment": header["experiment"], "cell": name, "outcome": dict(outcome.values)}
    with open(record.path, "a") as file:
        file.write(json.dumps({**cell, **change}) + "\n")
    with pytest.raises(RunError, match="is damaged"):
        record.outcomes(header)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "r.jsonl")
    with pytest.raises(RunError, match="is not a file"):
        Record(tmp_path / "r.jsonl").header()
