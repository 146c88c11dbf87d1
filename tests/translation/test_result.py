"""What a finished run keeps of its translations."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from mtlite.config.read import plain
from mtlite.errors import RunError
from mtlite.storage.run_directory import Run
from mtlite.translation.result import hypotheses_file, read_result


def test_scores_of_a_run(tiny_run: Path) -> None:
    result = read_result(Run(tiny_run))
    assert result.search.beam_size == 1
    assert result.tests["test"].sentences == len(Run(tiny_run).read_lines(hypotheses_file("test")))


def test_scores_that_nobody_has_written(tiny_run: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    shutil.copytree(tiny_run, run.path)
    result = read_result(run)
    run.write_json("result.json", plain(dataclasses.replace(result, tests={})) | {"more": 1})
    with pytest.raises(RunError, match="damaged"):
        read_result(run)
    (run.path / "result.json").unlink()
    with pytest.raises(RunError, match="the run is not finished"):
        read_result(run)


def test_names_of_files() -> None:
    assert [hypotheses_file("test"), hypotheses_file("test", "beam"), hypotheses_file("long", "beam")] == [
        "hypotheses.txt", "hypotheses.beam.txt", "hypotheses.beam.long.txt",
    ]  # fmt: skip
