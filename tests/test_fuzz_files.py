"""Hundreds of files of every kind that is quick to read; `fuzz_files.py` makes as many as one likes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fuzz_files import KINDS, LOADS_A_MODEL, fuzz, inputs
from mutations import Mutator

SLOW = {*LOADS_A_MODEL, "report of a record", "translations"}
LEFT_OUT = {*SLOW, *({"address of a page"} if shutil.which("node") is None else ())}


def test_a_right_result_or_an_error_of_the_project(tiny_run: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_run, tmp_path / "material")
    names = inputs([name for name in KINDS if name not in LEFT_OUT], first=1, count=800)
    results = fuzz(tmp_path, names)
    assert results.faults == []
    assert results.total("right result") > 200
    assert results.total("project error") > 200
    assert results.outcomes.keys() == KINDS.keys() - LEFT_OUT


@pytest.mark.parametrize("name", ["recipe", "record"])
def test_an_input_depends_on_its_kind_and_number_alone(name: str) -> None:
    content = bytes(range(256)) * 4
    assert Mutator(f"{name} 7").content(content) == Mutator(f"{name} 7").content(content)
    assert len({Mutator(f"{name} {number}").content(content) for number in range(30)}) > 20
    assert inputs([name, "tsv"], 5, 40) == inputs([name, "tsv"], 5, 40)
