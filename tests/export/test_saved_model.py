"""A SavedModel translates in a process that cannot import mtlite."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export.exported import TIE, Exported

from mtlite.data.batches import pad
from mtlite.data.ids import EOS, PAD
from mtlite.export.saved_model import SIGNATURE, limits, write_saved_model
from mtlite.translation.searcher import Searcher

SEVERAL = ["many-to-one", "attention", "last-n", "ctc"]
"""Every search, and every way to begin it."""
PLAIN_TENSORFLOW = """
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "mtlite":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
import tensorflow as tf

folders, source = json.load(sys.stdin)
answers = {}
for folder in folders:
    translate = tf.saved_model.load(folder).signatures["serving_default"]
    found = translate(source=tf.constant(source, tf.int32))
    answers[folder] = {name: value.numpy().tolist() for name, value in found.items()}
json.dump(answers, sys.stdout)
"""


@pytest.fixture(scope="module")
def answers(twelve: dict[str, Exported], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """By topology, what its SavedModel answers; one process loads all."""
    folders = {name: tmp_path_factory.mktemp("saved") / name for name in SEVERAL}
    for name, folder in folders.items():
        write_saved_model(folder, twelve[name].model)
    source = pad([np.asarray(ids, np.int32) for ids in twelve["attention"].sources()])
    asked = json.dumps([[str(folder) for folder in folders.values()], source.tolist()])
    command = [sys.executable, "-I", "-c", PLAIN_TENSORFLOW]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    return {name: found[str(folder)] for name, folder in folders.items()}


@pytest.mark.parametrize("topology", SEVERAL)
def test_greedy_search_is_inside(topology: str, twelve: dict[str, Exported], answers: dict[str, Any]) -> None:
    model = twelve[topology]
    expected = model.in_python(model.sources(), beam_size=1)
    np.testing.assert_allclose(answers[topology]["scores"], [each.scores[0] for each in expected], rtol=1e-4, atol=TIE)
    written = [[token for token in ids if token not in (PAD, EOS)] for ids in answers[topology]["ids"]]
    different = sum(ids != each.ids[0] for ids, each in zip(written, expected, strict=True))
    assert different <= 1  # a tie


def test_the_limit_of_an_output_is_that_of_search(twelve: dict[str, Exported]) -> None:
    model = twelve["attention"].model
    lengths = np.arange(1, 60)
    source = pad([np.full(length, 5, np.int32) for length in lengths])
    expected = Searcher([model], twelve["attention"].config()).limits(lengths)
    np.testing.assert_array_equal(limits(model, source), expected)


def test_nothing_is_said_while_it_is_written(
    twelve: dict[str, Exported], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_saved_model(tmp_path / "folder", twelve["one-to-one"].model)
    assert capfd.readouterr() == ("", "")
    assert SIGNATURE == "serving_default"  # the name that tools look for first
