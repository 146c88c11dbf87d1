"""Run the tests with the lowest or with the highest versions of all dependencies that pyproject.toml allows.

    python scripts/dependency_versions.py lowest
    python scripts/dependency_versions.py highest tests/layers

Each makes a virtual environment of its own, which is removed at the end.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def lowest_versions() -> list[str]:
    """Every dependency at its lower bound."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = []
    for requirement in [*project["dependencies"], *project["optional-dependencies"]["test"]]:
        found = re.match(r"([\w.-]+)>=([\w.]+)", requirement)
        if found is None:
            raise ValueError(f"expected a lower bound in {requirement}")
        pins.append(f"{found[1]}=={found[2]}.*")
    return pins


def main() -> int:
    """Make the environment and run the tests in it; gives their exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=("lowest", "highest"))
    parser.add_argument("tests", nargs="*", help="for pytest (default: all tests)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / "bin" / "python")
        wanted = [f"{ROOT}[test]", *(lowest_versions() if options.which == "lowest" else [])]
        subprocess.run([python, "-m", "pip", "install", "-q", "--upgrade", *wanted], check=True)
        packages = subprocess.run([python, "-m", "pip", "freeze"], check=True, capture_output=True, text=True).stdout
        names = re.compile(
            r"(tensorflow|keras|sentencepiece|sacrebleu|datasets|numpy|pyarrow|safetensors|scipy|matplotlib)=="
        )
        print(f"Python {sys.version.split()[0]}", *filter(names.match, packages.splitlines()), sep=", ", flush=True)
        return subprocess.run([python, "-m", "pytest", *options.tests], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
