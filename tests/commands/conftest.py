"""Commands run in this process, on a small run that is trained once."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mtlite.cli import main


@pytest.fixture
def translated(tiny_run: Path, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Callable[..., list[str]]:
    """`translated(b"one\\n", "--beam", "2")`: the lines that `mtlite translate` writes."""

    def run(text: bytes, *arguments: str, run: Path = tiny_run, code: int = 0) -> list[str]:
        file = tmp_path / "input.txt"
        file.write_bytes(text)
        engine = [] if "--engine" in arguments else ["--engine", "tensorflow"]
        assert main(["translate", str(run), *arguments, *engine, "--input", str(file)]) == code
        sys.stdout.flush()
        lines = capfdbinary.readouterr().out.decode().split("\n")
        assert lines.pop() == ""
        return lines

    # The command writes bytes; pytest's own capture of Python's sys.stdout has a buffer, too.
    assert isinstance(sys.stdout.buffer, io.BufferedIOBase | io.RawIOBase)
    return run
