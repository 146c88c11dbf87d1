"""What `import mtlite` offers, and that it is quiet."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from samples import ROOT

import mtlite

QUIET = """
import sys
import mtlite
{code}
"""


def quiet(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a program of a user prints, in a process in which nobody has set up TensorFlow."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    command = [sys.executable, "-c", QUIET.format(code=code), *arguments]
    return subprocess.run(
        command, env={**environment, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )


def test_every_public_name_is_listed_and_can_be_had() -> None:
    assert {*dir(mtlite)} == {*mtlite.__all__, "__version__"}
    assert {"Config", "LSTM", "Translator", "compare", "evaluate", "load_model", "train"} <= {*dir(mtlite)}
    for name in dir(mtlite):
        assert getattr(mtlite, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'tarin'"):
        mtlite.tarin  # noqa: B018


@pytest.mark.parametrize("name", ["train", "Translator", "evaluate", "compare", "load_model", "Config"])
def test_the_help_shows_how_each_is_used(name: str) -> None:
    assert name in str(mtlite.__doc__)
    assert getattr(mtlite, name).__doc__


def test_a_program_that_translates_and_scores_prints_its_own_lines_only(tiny_run: Path) -> None:
    done = quiet(
        "mtlite.LSTM; model = mtlite.load_model(sys.argv[1]); translator = mtlite.Translator.load(sys.argv[1])\n"
        "print(len(translator(['one', 'two'])), type(translator('one')).__name__, *mtlite.evaluate(sys.argv[1]))",
        str(tiny_run),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "2 str test\n", "")


@pytest.mark.parametrize("name", ["LSTM", "Translator", "load_model", "evaluate"])
def test_whatever_is_asked_for_first_prints_nothing(name: str, tiny_run: Path) -> None:
    done = quiet(f"mtlite.{name}" + ("(sys.argv[1])" if name == "load_model" else ""), str(tiny_run))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_is_no_python_is_in_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["license-files"] == ["mtlite/LICENSE"]
    patterns = project["tool"]["setuptools"]["package-data"]["mtlite"]
    packed = {path for pattern in patterns for path in (ROOT / "mtlite").glob(pattern)}
    others = {path for path in (ROOT / "mtlite").rglob("*") if path.suffix not in (".py", ".pyc", ".md")}
    assert packed == set(filter(Path.is_file, others))
    assert (ROOT / "mtlite" / "LICENSE").read_text().startswith("MIT License")
