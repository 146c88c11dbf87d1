"""The whole road, with tiny cells: a kill costs no finished cell and changes no number."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mtlite.storage.locks import Lock

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ablate(tiny_config: Callable[..., Any], tmp_path: Path) -> Callable[..., subprocess.Popen[bytes]]:
    """`ablate("--run", "a")`: starts `mtlite ablate` on a recipe of two topologies with two seeds each."""
    values = tiny_config(training={"max_updates": 4, "validate_every": 2, "save_every": 2}).to_dict()
    del values["model"]["topology"], values["model"]["bidirectional"]
    values["ablation"] = {"topologies": ["encoder-decoder", "one-to-one"], "seeds": [1, 2], "beam": 2}
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(values))

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "mtlite", "ablate", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    return start


def ended(process: subprocess.Popen[bytes]) -> str:
    output, errors = process.communicate()
    assert process.returncode == 0, errors.decode()
    return (output + errors).decode()


def untimed(folder: Path) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """CSV and JSON of a report without the columns that are named as times."""
    rows = list(csv.DictReader((folder / "report" / "results.csv").read_text().splitlines()))
    values = json.loads((folder / "report" / "results.json").read_text())
    for row in [*rows, *values["cells"]]:
        for name in [name for name in row if name.startswith("time_")]:
            del row[name]
    return rows, values


def done(folder: Path) -> list[Path]:
    return sorted(folder.glob("cells/*/outcome.json"))


def test_kill_and_restart(ablate: Callable[..., subprocess.Popen[bytes]], tmp_path: Path) -> None:
    killed, undisturbed, alone = (tmp_path / name for name in ("killed", "undisturbed", "alone"))
    process = ablate("tiny.yaml", "--run", "killed", "--record", "killed.jsonl.xz")
    while process.poll() is None and not (done(killed) and len(list(killed.glob("cells/*/run.json"))) > 1):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = {path: path.stat().st_mtime_ns for path in done(killed)}
    assert before
    assert len(before) < 4
    process = ablate("tiny.yaml", "--run", "killed", "--record", "killed.jsonl.xz")
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(3.0)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    process = ablate("tiny.yaml", "--run", "killed", "--record", "killed.jsonl.xz", "--jobs", "2")
    assert process.stderr
    for _ in range(min(2, 4 - len(done(killed)))):
        assert any(b": started" in line for line in process.stderr)  # reads up to there
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1].decode().splitlines()
    assert process.returncode == 130
    assert "stopped by SIGINT" in said[-1]
    assert "Traceback" not in "".join(said)
    assert not [path for path in killed.glob("cells/*/.lock") if Lock(path).is_held]  # the trainings have ended, too

    assert "report" in ended(ablate("tiny.yaml", "--run", "killed", "--record", "killed.jsonl.xz"))
    assert before == {path: path.stat().st_mtime_ns for path in before}, "a finished cell was done again"
    ended(ablate("tiny.yaml", "--run", "undisturbed", "--jobs", "2"))
    assert untimed(killed) == untimed(undisturbed)
    rows, values = untimed(killed)
    assert [row["cell"] for row in rows] == [
        f"{topology}-seed-{seed}" for topology in ("encoder-decoder", "one-to-one") for seed in (1, 2)
    ]
    assert all(float(row["training_flops_per_pair"]) > 0 for row in rows)
    assert all(float(row["nll_per_piece"]) > 0 for row in rows)
    assert values["families"][0]["comparison"]["primary"][0]["first"] == "encoder-decoder"
    assert not values["failures"]

    # From the record alone, times included: nothing is trained, nothing is read but the record.
    (tmp_path / "tiny.yaml").unlink()
    ended(ablate("--record", "killed.jsonl.xz", "--run", "alone"))
    for name in ("results.csv", "results.jsonl", "results.json", "report.md", "report.html"):
        assert (alone / "report" / name).read_bytes() == (killed / "report" / name).read_bytes()
