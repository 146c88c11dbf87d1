"""A run as files for other programs: what is written, and where."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Literal

from mtlite.errors import UsageError
from mtlite.export.engine import require_onnx
from mtlite.runtime import start_tensorflow
from mtlite.storage.checkpoint import WEIGHTS
from mtlite.storage.files import aside
from mtlite.storage.run_directory import Run
from mtlite.translation.loading import (
    OpenRuns,
    load_model,
    load_weights,
    open_runs,
    search_of,
    topology_config,
    with_blank_penalty,
)

Format = Literal["onnx", "saved-model"]
Weights = Literal["float32", "int8"]
"""How weights are written; int8 is for ONNX."""


def export(run: str | Path | Run, to: Format, output: Path, weights: Weights = "float32") -> None:
    """Write a run into a new folder, which is there whole or not at all.

    Raise RunError for what is no run or is damaged, UsageError for a topology that the format cannot carry, MtliteError
    if a library is not installed.
    """
    if to == "saved-model" and weights != "float32":
        raise UsageError(f"--weights {weights}: a SavedModel has float32: expected --weights float32, or --to onnx")
    if to == "onnx":
        require_onnx("--to onnx")
    opened = open_runs([run])
    part = aside(output)
    try:
        part.mkdir(parents=True)
        if to == "onnx":
            _write_onnx(opened, part, weights)
        else:
            _write_saved_model(opened, part)
        os.replace(part, output)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write_onnx(opened: OpenRuns, folder: Path, weights: Weights) -> None:
    from mtlite.export import graph, onnx_folder

    (run,) = opened.runs
    config, search = topology_config(run, "float32"), search_of(run, None)
    arrays = with_blank_penalty(load_weights(run), config.topology, search)
    weights_of_run = graph.Weights(arrays, run.path / WEIGHTS)
    onnx_folder.write_onnx_folder(folder, config, weights_of_run, opened.tokenizers, search, weights)


def _write_saved_model(opened: OpenRuns, folder: Path) -> None:
    start_tensorflow(0)
    from mtlite.export.saved_model import write_saved_model

    (run,) = opened.runs
    write_saved_model(folder, load_model(run, "float32"), search_of(run, None).blank_penalty)
    opened.tokenizers.save(folder)
