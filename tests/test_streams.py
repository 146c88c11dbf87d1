"""Standard streams of any encoding, and closed ones."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from samples import ROOT

from mtlite.config.registry import TOPOLOGIES

CLOSED = "mtlite: standard output is closed: give it a file or a pipe, such as > file\n"


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command.replace("mtlite", f"{sys.executable} -m mtlite")],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_output_never_fails_for_the_encoding(encoding):
    done = shell("mtlite topologies", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(name in done.stdout for name in TOPOLOGIES)
    assert ("o→o" in done.stdout) == (encoding == "utf-8")
    assert ("o?o" in done.stdout) == (encoding != "utf-8")


def test_a_closed_standard_output_is_one_line():
    done = shell("mtlite --version >&-")
    assert (done.returncode, done.stderr) == (1, CLOSED)


def test_so_it_is_where_bytes_are_written(tiny_run):
    done = shell(f"echo one | mtlite translate {tiny_run} --threads 1 >&-")
    assert (done.returncode, done.stderr) == (1, CLOSED)


def test_a_mistake_is_said_where_standard_output_is_closed():
    done = shell("mtlite translate missing >&-")
    assert done.returncode == 1
    assert done.stderr.startswith("mtlite: run directory missing not found")


def test_a_closed_standard_error_loses_only_what_goes_there(tiny_run):
    done = shell(f"echo one | mtlite translate {tiny_run} --threads 1 2>&-")
    assert done.returncode == 0
    assert done.stdout.count("\n") == 1
    done = shell("mtlite translate missing 2>&-")
    assert (done.returncode, done.stdout) == (1, "")
