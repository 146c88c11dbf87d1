"""The program of an exported folder, where neither mtlite nor TensorFlow can be imported."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from export.exported import Exported

from mtlite.export.translate import Model, best_prefixes
from mtlite.search import ctc
from mtlite.translation.translator import Translator

LINES = ["one two three", "nine", "", "  ", "seven eight nine ten one two three four", "two, twö & 漢字", "six six"]

ALONE = """
import runpy, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("mtlite", "tensorflow", "keras", "onnx"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def alone(folder: Path, text: bytes, *options: str) -> list[str]:
    """The lines that the program writes, in a Python that finds neither mtlite nor TensorFlow."""
    command = [sys.executable, "-I", "-c", ALONE, str(folder / "translate.py"), *options]
    done = subprocess.run(command, input=text, capture_output=True, cwd=folder, timeout=300, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout.decode().splitlines()


@pytest.mark.parametrize("topology", ["attention", "padded", "ctc"])  # one for each search
def test_it_translates_without_mtlite(topology: str, twelve: dict[str, Exported]) -> None:
    model, tokenizers, folder = twelve[topology]
    text = "\n".join([*LINES, ""]).encode()
    for beam in (1, 4):
        search = twelve[topology].config(beam_size=beam, length_penalty=0.6)
        expected = Translator([model], tokenizers, search)(LINES)
        assert alone(folder, text, "--beam", str(beam), "--length-penalty", "0.6") == expected


def test_a_run_as_it_was_configured_is_the_default(twelve: dict[str, Exported]) -> None:
    model, tokenizers, folder = twelve["encoder-decoder"]
    expected = Translator([model], tokenizers, twelve["encoder-decoder"].config())(LINES)
    assert alone(folder, "\r\n".join([*LINES, ""]).encode()) == expected
    assert alone(folder, b"") == []


@pytest.mark.parametrize("topology", ["peek", "repeat-vector"])
def test_text_in_text_out(topology: str, twelve: dict[str, Exported]) -> None:
    model, tokenizers, folder = twelve[topology]
    expected = Translator([model], tokenizers, twelve[topology].config(beam_size=1))(LINES)
    assert Model(folder).translate(LINES, 1, 1.0) == expected


def test_a_long_source_is_cut(twelve: dict[str, Exported]) -> None:
    model, tokenizers, folder = twelve["attention"]
    program = Model(folder)
    program.config["max_source_tokens"] = 4
    lines = ["one two three four five six seven"]
    expected = Translator([model], tokenizers, twelve["attention"].config(beam_size=1, max_source_tokens=4))(lines)
    assert program.translate(lines, 1, 1.0) == expected


@pytest.mark.parametrize("seed", range(5))
def test_prefixes_are_those_of_the_search_in_mtlite(seed: int) -> None:
    draw = np.random.default_rng(seed)
    positions, tried, beam = 9, 4, 3
    tokens = np.stack([draw.permutation(6)[:tried] for _ in range(positions)])
    tokens[tokens == 3] = 0  # blanks are likely
    log_p = np.log(draw.dirichlet(np.ones(tried), size=positions)).astype(np.float32)
    found, expected = best_prefixes(tokens, log_p, beam), ctc.best_prefixes(log_p, tokens, beam)
    assert [tuple(ids) for ids, _ in found] == [prefix for prefix, _ in expected]
    np.testing.assert_allclose([score for _, score in found], [score for _, score in expected])


def test_scores_that_are_no_numbers_are_said_to_be_none() -> None:
    (hypothesis,) = best_prefixes(np.array([[0, 4]]), np.full((1, 2), np.nan, np.float32), 2)
    assert hypothesis[0] == []
    assert math.isnan(hypothesis[1])
