from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtlite.errors import RunError
from mtlite.page.compose import PackedRun
from mtlite.page.model import pack_run, write_folder
from mtlite.page.weights import StoredTensor, unpack
from mtlite.storage.run_directory import Run
from mtlite.storage.tensors import load_arrays


@pytest.fixture(scope="module")
def packed(tiny_run: Path) -> PackedRun:
    return pack_run(tiny_run, "float32")


def test_weights_are_those_of_the_run(packed: PackedRun, tiny_run: Path) -> None:
    tensors: Any = packed.description["tensors"]
    stored, _ = load_arrays(tiny_run / "best.safetensors")
    found = unpack([StoredTensor(**each) for each in tensors], packed.weights)
    assert found.keys() == stored.keys()
    for name, array in stored.items():
        np.testing.assert_array_equal(found[name], array)


def test_a_description_is_plain(packed: PackedRun, tiny_run: Path) -> None:
    description: Any = json.loads(json.dumps(packed.description))
    facts = Run.open(tiny_run).facts
    assert description["name"] == "tiny"
    assert (description["topology"], description["family"]) == ("attention", "autoregressive")
    assert description["search"] == "token by token"
    assert description["config"]["units"] == 8
    assert description["config"]["lengths"]["search"]["slope"] == facts.lengths.search.slope
    assert description["searchConfig"]["beam_size"] == 1
    assert description["languages"] == {"source": "en", "target": "de"}
    assert 0 <= description["scores"]["tests"]["test"]["bleu"]["score"] <= 100


def test_a_folder_holds_the_same(packed: PackedRun, tiny_run: Path, tmp_path: Path) -> None:
    write_folder(tiny_run, tmp_path / "packed")
    assert json.loads((tmp_path / "packed" / "model.json").read_text()) == json.loads(json.dumps(packed.description))
    files = {"weights.bin": packed.weights, "source.model": packed.source, "target.model": packed.target}
    assert {name: (tmp_path / "packed" / name).read_bytes() for name in files} == files


def test_a_run_that_is_not_finished_has_no_scores(tiny_run: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_run, tmp_path / "run")
    (tmp_path / "run" / "result.json").unlink()
    assert pack_run(tmp_path / "run").description["scores"] is None
    (tmp_path / "run" / "best.safetensors").unlink()
    with pytest.raises(RunError, match="no weights yet"):
        pack_run(tmp_path / "run")
