"""The page's JavaScript, run by Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from samples import ROOT

ENGINE = ROOT / "mtlite" / "page" / "engine"
_NODE = shutil.which("node")
needs_node = pytest.mark.skipif(_NODE is None, reason="needs Node (Debian: apt-get install nodejs)")


def answers(script: Path, questions: Iterable[Any]) -> list[Any]:
    """Give a script plain values, a JSON line each, and the folder of the engine; read as many lines of JSON."""
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    command = [str(_NODE), str(script), str(ENGINE)]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
