"""The tour runs from top to bottom, and stops at every topology."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from samples import ROOT

from mtlite.config.registry import TOPOLOGIES

TOUR = ROOT / "scripts" / "tour.py"
CELLS = re.split(r"^# %%", TOUR.read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the short tour prints, from any folder and without a warning."""
    folder = tmp_path_factory.mktemp("tour")
    command = [sys.executable, str(TOUR), "--short"]
    environment = {**os.environ, "TMPDIR": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    return done.stdout


def test_every_topology_is_trained_and_translates(shown: str) -> None:
    trained = re.findall(r"^([\w-]+)(?:, \w+ directions?)?: BLEU [\d.]+ on short sentences, [\d.]+ on long ones\n"
                         r"(?:  The .+ → .*\n){3}", shown, re.MULTILINE)  # fmt: skip
    assert set(trained) == set(TOPOLOGIES)


def test_every_topology_is_its_keras_model(shown: str) -> None:
    differences = dict(
        re.findall(r"^([\w-]+): the Keras model and mtlite differ by at most (\S+)$", shown, re.MULTILINE)
    )
    assert set(differences) == set(TOPOLOGIES)
    assert all(float(difference) < 1e-6 for difference in differences.values())


def test_the_end_compares_all_of_them(shown: str) -> None:
    table = shown.partition("BLEU      short   long\n")[2]
    assert {line.split()[0].rstrip(",") for line in table.splitlines() if re.search(r"[\d.]+ +[\d.]+$", line)} == set(
        TOPOLOGIES
    )


def test_keras_and_mtlite_write_the_same(shown: str) -> None:
    plain, ours = re.findall(
        r"^(?:many-to-many, in plain Keras|the same, with mtlite\.LSTM)\n((?:  .*\n)+)", shown, re.MULTILINE
    )
    assert plain == ours


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_the_text_before_a_topology_says_what_it_reads_remembers_and_writes(topology: str) -> None:
    at = next(number for number, cell in enumerate(CELLS) if f'learn("{topology}"' in cell)
    assert CELLS[at - 1].startswith(" [markdown]")
    assert re.findall(r"^# - \*\*(\w+)\*\*", CELLS[at - 1], re.MULTILINE) == ["Reads", "Remembers", "Writes"]
    assert f'same_wiring("{topology}"' in CELLS[at]
