"""A thirteenth topology, written as the README says: outside mtlite, and inside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from samples import ROOT
from topologies.test_all_topologies import *  # noqa: F403 - its tests run here over another name
from topologies.test_all_topologies import pytest_generate_tests  # noqa: F401

from mtlite.config.registry import TOPOLOGIES, register_topology
from mtlite.topologies.documentation import picture
from mtlite.topologies.drawing import draw

NAMES = ["next_word:NextWord"]
NEXT_WORD = '''
"""The next word from the sentence and the word before it, without recurrence."""

import tensorflow as tf

from mtlite.config.registry import Entry
from mtlite.topologies.autoregressive import Autoregressive, Decoded


class NextWord(Autoregressive):
    """Reads the sequence; remembers the top layer's last h; writes with a Dense layer over h and the word before.

    ```
    target        o o o
                  ↑ ↑ ↑
    dense         o o o
                ↗ ↑ ↑ ↑
    encoder o→o   o o o  target so far, with h
            ↑ ↑
    source  o o
    ```
    """

    entry = Entry(
        family="autoregressive",
        picture="ooo → h → o",
        reads="the sequence",
        remembers="the top layer's final h",
        writes="Dense over h and the word before",
        options=("bidirectional",),
    )

    def make_layers(self):
        self.encoder = self.source_stack("encoder", state_only=True)
        self.hidden = self.dense_stack("hidden")

    def read(self, source):
        _, last = self.encode(self.encoder, source)
        return self.dropout(last[-1][0], "h"), None

    def decode(self, tokens, state, memory):
        context = self.at_each(tokens, memory)
        return Decoded(self.hidden(tf.concat([self.target_embedding(tokens), context], axis=-1)), None)
'''
TUPLES = '''
"""An encoder-decoder whose state is a tuple."""

from mtlite.topologies.autoregressive import Autoregressive, Decoded


class Tuples(Autoregressive):
    """Reads the sequence; remembers each layer's last (h, c); writes with an LSTM over the target so far.

    ```
    target        o o o
                  ↑ ↑ ↑
    decoder       o→o→o
                ↗ ↑ ↑ ↑
    encoder o→o   o o o  target so far
            ↑ ↑
    source  o o
    ```
    """

    def make_layers(self):
        self.encoder = self.source_stack("encoder", state_only=True)
        self.decoder = self.stack("decoder")

    def read(self, source):
        _, last = self.encode(self.encoder, source)
        return (), tuple((h, c) for h, c in last)

    def decode(self, tokens, state, memory):
        outputs, last = self.decoder(self.target_embedding(tokens), state=state)
        return Decoded(outputs, tuple((h, c) for h, c in last))
'''
ENTRY = """
    "tuples": Entry("autoregressive", "ooo → (h c) → ooo",
        "the sequence", "final (h, c) of every layer", "LSTM over the target so far", _BOTH_WAYS,
        path="mtlite.topologies.tuples:Tuples"),
}
# fmt: on
"""
TRAIN = (
    *("--model.units", "8", "--model.embedding_size", "8", "--model.layers", "1", "--tokenizer.vocabulary_size", "60"),
    *("--training.max_updates", "8", "--training.batch_tokens", "120", "--training.tensorboard", "false"),
    *("--training.threads", "1"),
)


@pytest.fixture(scope="module", autouse=True)
def _registered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The one from outside, for the tests of all topologies."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "next_word.py").write_text(NEXT_WORD, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", list(sys.path))
        register_topology(NAMES[0])
        yield
    del TOPOLOGIES[NAMES[0]], sys.modules["next_word"]


def test_its_picture_is_drawn(tmp_path: Path) -> None:
    assert picture(NAMES[0])[2].startswith("dense")
    draw([NAMES[0], "peek"], tmp_path / "both.svg")
    assert NAMES[0] in (tmp_path / "both.svg").read_text(encoding="utf-8")


def mtlite(folder: Path, package: Path, *arguments: str, text: str = "", code: int = 0) -> str:
    """A command in a folder, with the package of another one; gives what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "mtlite", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(package)},
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def use(folder: Path, package: Path, corpus: dict[str, dict[str, str]], tiny_run: Path, topology: str) -> None:
    """Train it, with greedy translations of the dev set and a beam for the test set; translate, draw and compare."""
    sides = {f"--data.{name}.{side}": path for name, paths in corpus.items() for side, path in paths.items()}
    given = [part for pair in sides.items() for part in pair]
    mtlite(folder, package, "train", "--run", "own", "--model.topology", topology, *given, *TRAIN)
    allow = ("--topology", topology) if ":" in topology else ()
    assert len(mtlite(folder, package, "translate", "own", *allow, text="one two\nsix\n").splitlines()) == 2
    mtlite(folder, package, "topologies", topology, *allow, "-o", "own.png")
    assert (folder / "own.png").read_bytes().startswith(b"\x89PNG")
    assert topology in mtlite(folder, package, "compare", str(tiny_run), "own", *allow)


def test_outside(corpus: dict[str, dict[str, str]], tiny_run: Path, tmp_path: Path) -> None:
    (tmp_path / "next_word.py").write_text(NEXT_WORD, encoding="utf-8")
    use(tmp_path, ROOT, corpus, tiny_run, NAMES[0])
    refused = mtlite(tmp_path, ROOT, "translate", "own", text="one\n", code=1)
    assert f"give --topology {NAMES[0]}" in refused


def test_inside(corpus: dict[str, dict[str, str]], tiny_run: Path, tmp_path: Path) -> None:
    package = tmp_path / "checkout"
    for part in ("mtlite", "tests"):
        shutil.copytree(ROOT / part, package / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", package)
    (package / "mtlite" / "topologies" / "tuples.py").write_text(TUPLES, encoding="utf-8")
    registry = package / "mtlite" / "config" / "registry.py"
    before = registry.read_text(encoding="utf-8")
    registry.write_text(before.replace("\n}\n# fmt: on\n", ENTRY), encoding="utf-8")
    use(tmp_path, package, corpus, tiny_run, "tuples")
    suite = [sys.executable, "-m", "pytest", "tests/topologies/test_all_topologies.py", "-q", "-k", "tuples"]
    environment = {**os.environ, "PYTHONPATH": str(package)}
    done = subprocess.run(suite, cwd=package, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
