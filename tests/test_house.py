"""The house keeps its order: directions of imports, sizes, a bare checkout. `scripts/house.py` counts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
import yaml
from house import LONGEST, House, facts
from samples import ROOT

import mtlite

BOUNDS = {
    "arrows back": 0,
    "cycles": 0,
    "needless local imports": 1,
    "functions over a limit": 0,
    "long functions": 0,
    "modules without a test": 0,
    "local imports": 86,
    "open dictionaries": 17,
    "lines": 25_300,
    "longest function": 49,
    "files for a topology": 2,
    "lines for a topology": 3,
    "files for a model option": 3,
    "lines for a model option": 6,
    "files for a metric": 11,
    "lines for a metric": 36,
    "files for a training switch": 7,
    "lines for a training switch": 10,
    "changed lines encoder_decoder → peek": 9,
    "changed lines encoder_decoder → attention": 19,
    "files behind peek": 3,
}
"""What may be counted at most. These numbers fall; none rises."""


@pytest.fixture(scope="module")
def house():
    return House(ROOT)


def test_a_room_imports_from_rooms_below_it_only(house):
    assert [str(each) for each in house.backward()] == []


def test_no_modules_import_each_other(house):
    assert house.cycles() == []


@pytest.mark.parametrize("folder", ["mtlite", "scripts", "corpora"])
def test_no_function_is_long(folder):
    assert [(lines, place) for lines, place in House(ROOT, folder=folder).functions() if lines > LONGEST] == []


def test_no_count_rises(house):
    counted = {fact.what: fact.number for fact in facts(house)}
    assert counted.keys() == BOUNDS.keys()
    assert {what: number for what, number in counted.items() if number > BOUNDS[what]} == {}


@pytest.fixture
def small_house(tmp_path):
    """A package with one of each fault."""
    files = {
        "__init__.py": "from mtlite.training.loop import loop",
        "errors.py": "",
        "data/__init__.py": "",
        "data/batches.py": "import numpy\nfrom mtlite import errors\n\ndef batches():\n"
        "    from mtlite.training.loop import loop\n",
        "training/__init__.py": "",
        "training/loop.py": "from typing import TYPE_CHECKING\nfrom mtlite.data import batches\n\n"
        "if TYPE_CHECKING:\n    import tensorflow\n\n@print\ndef loop(x: dict[str, Any]):\n"
        "    import keras\n    def inner():\n        import json\n    return x\n",
        "attic/__init__.py": "import mtlite.errors",
    }
    for name, text in files.items():
        (tmp_path / "mtlite" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mtlite" / name).write_text(text)
    (tmp_path / "tests" / "data").mkdir(parents=True)
    (tmp_path / "tests" / "data" / "test_batches.py").touch()
    return House(tmp_path)


def test_faults_are_found_where_they_are(small_house):
    def places(imports):
        return [str(each).removeprefix(str(small_house.folder) + os.sep) for each in imports]

    assert places(small_house.backward()) == [
        "attic/__init__.py:1: attic imports errors",
        "data/batches.py:5: data.batches imports training.loop",
    ]
    assert small_house.cycles() == [["data.batches", "training.loop"]]
    assert places(small_house.needless_local_imports()) == [
        "data/batches.py:5: data.batches imports training.loop",
        "training/loop.py:11: training.loop imports json",
    ]
    assert [lines for lines, _ in small_house.functions()] == [6, 2]
    assert small_house.without_test() == ["training.loop"]
    assert small_house.lines_with(r"dict\[str, Any\]") == 1


WITHOUT = """
import importlib.metadata, runpy, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

def version(name, installed=importlib.metadata.version):
    if name == "mtlite":
        raise importlib.metadata.PackageNotFoundError(name)
    return installed(name)

sys.meta_path.insert(0, Missing())
importlib.metadata.version = version
sys.argv = {arguments!r}
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def without(missing: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A script, in a Python that finds neither a library nor an installed mtlite."""
    code = WITHOUT.format(missing=missing, arguments=list(arguments))
    return subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("script", ["train", "translate", "evaluate", "ablate"])
def test_a_script_without_its_libraries_says_what_to_install(script):
    arguments = {"translate": ["missing"], "evaluate": ["missing"]}.get(script, ["--help"])
    done = without("yaml", str(ROOT / "scripts" / f"{script}.py"), *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f'mtlite: yaml is not installed: pip install "{ROOT}"\n'


def test_a_training_needs_no_installation(corpus, tmp_path):
    recipe = {
        "data": {"train": corpus["train"], "dev": corpus["dev"], "test": corpus["test"]},
        "tokenizer": {"vocabulary_size": 60},
        "model": {"topology": "one-to-one", "units": 8, "embedding_size": 8},
        "training": {"max_updates": 1, "batch_tokens": 120, "tensorboard": False},
    }
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    script = str(ROOT / "scripts" / "train.py")
    done = without("nothing", script, str(tmp_path / "small.yaml"), "--run", str(tmp_path / "run"))
    assert done.returncode == 0, done.stderr
    facts_of_run = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert facts_of_run["packages"]["mtlite"] == mtlite.__version__


@pytest.mark.parametrize(
    "arguments", [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]], ids=["lint", "format", "types"]
)
def test_what_an_installation_leaves_is_not_read(arguments, tmp_path):
    """`pip install .` leaves a second package in build/."""
    pytest.importorskip(arguments[0])
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for folder in ("mtlite", "scripts", "tests", "corpora"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"good_{folder}.py").write_text('"""Good."""\n')
    (tmp_path / "mtlite" / "__init__.py").touch()
    bad = tmp_path / "build" / "lib" / "mtlite"
    bad.mkdir(parents=True)
    (bad / "bad.py").write_text("import os\nx : int = 'text'\n")
    (bad / "test_bad.py").write_text("def test_bad():\n    assert False\n")
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
