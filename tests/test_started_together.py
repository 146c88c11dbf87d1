"""Trainings that start together on a new corpus, one of them killed: all end like a lone one."""

from __future__ import annotations

import subprocess
import sys

from samples import ROOT


def test_they_do_not_disturb_each_other() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "started_together.py"), "--topology", "one-to-one"]
    sizes = ["--rounds", "1", "--starts", "3", "--kills", "1"]
    done = subprocess.run([*command, *sizes], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "3 of 3 trainings that were started together ended like the lone one"
