"""What all cells share is one checksum, and a folder keeps it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from made_up import made_up

from mtlite.ablation.header import differences, joined, keep_header
from mtlite.errors import RunError, UsageError


def test_a_folder_holds_one_ablation(tmp_path: Path) -> None:
    header, _ = made_up()
    keep_header(tmp_path, header)
    more = dataclasses.replace(header, ablation=dataclasses.replace(header.ablation, seeds=[3]))
    keep_header(tmp_path, more)
    other = dataclasses.replace(header, shared={**header.shared, "training.learning_rate": 0.5})
    with pytest.raises(UsageError, match=r"another ablation; different are training.learning_rate \(0.5 here, 0.01"):
        keep_header(tmp_path, other)


def test_a_folder_of_another_version_says_what_to_do(tmp_path: Path) -> None:
    header, _ = made_up()
    (tmp_path / "experiment.json").write_text('{"experiment": "abc"}')
    with pytest.raises(RunError, match="of another version of mtlite, give another --run"):
        keep_header(tmp_path, header)


def test_long_lists_of_differences_are_cut() -> None:
    assert differences(dict.fromkeys("abcdefg", 1), {}).endswith("and 2 more")


def test_starts_are_joined() -> None:
    first, _ = made_up(seeds=[1], grid={"model.units": [4]})
    second, _ = made_up(topologies=["ctc", "attention"], seeds=[2, 1], grid={"model.units": [4, 8]})
    ablation = joined([first, second]).ablation
    assert (ablation.topologies, ablation.seeds) == (["attention", "peek", "ctc"], [1, 2])
    assert ablation.grid == {"model.units": [4, 8]}
