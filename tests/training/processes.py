"""Starts `two_replicas.py` in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from samples import ROOT

SCRIPT = Path(__file__).with_name("two_replicas.py")


def start(role: str, **environment: str) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests"), str(SCRIPT.parent)])
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), role],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
    )


def assert_same(process: subprocess.Popen[str]) -> None:
    output, _ = process.communicate()
    assert process.returncode == 0, output
    assert output.endswith("same\n"), output
