"""The page's modules in Node: they are the same files that a browser runs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mtlite.page.compose import FOLDER


def run_module(code: str, value: Any = None) -> Any:
    """What a module prints as JSON; `page("engine/model.js")` imports one of the page, `given` is a plain value."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node is installed: apt-get install nodejs")
    begin = (
        'import {readFileSync} from "node:fs";\n'
        f"const page = (name) => import({json.dumps(FOLDER.as_uri())} + '/' + name);\n"
        'const given = JSON.parse(readFileSync(0, "utf8"));\n'
    )
    done = subprocess.run(
        [node, "--input-type=module", "--eval", begin + code],
        input=json.dumps(value), capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def modules() -> list[Path]:
    """All modules of the page."""
    return sorted(FOLDER.rglob("*.js"))
