"""Small models of all topologies as folders that the engine opens, with the same models in Python."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from samples import ROOT
from small_models import SEARCHED_LENGTHS, build

from mtlite.config.options import SearchConfig
from mtlite.config.read import plain
from mtlite.data.batches import pad
from mtlite.data.ids import EOS
from mtlite.data.tokenizer import Tokenizers
from mtlite.page.model import describe
from mtlite.page.weights import pack
from mtlite.storage.checkpoint import weight_arrays
from mtlite.storage.run_directory import TOKENIZERS
from mtlite.topologies.topology import Topology
from mtlite.translation.translator import Translator

LINES = ["one two three", "nine", "", "seven eight nine ten one two three four five", "two, twö & 漢字", "six six six"]


def in_node(questions: Iterable[dict[str, Any]]) -> list[Any]:
    """What `scripts/ask_models.mjs` answers; it starts once for all questions."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node is installed: apt-get install nodejs")
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    command = [node, str(ROOT / "scripts" / "ask_models.mjs")]
    done = subprocess.run(
        command, input=lines, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


class Opened(NamedTuple):
    """A model in Python, and the folder from which Node opens it."""

    model: Any
    tokenizers: Tokenizers
    folder: Path

    @property
    def sources(self) -> list[list[int]]:
        """The lines as ids."""
        return self.tokenizers.source.encode(LINES)

    def translator(self, **search: Any) -> Translator:
        return Translator([self.model], self.tokenizers, SearchConfig(**search))

    def ask(self, *questions: tuple[str, *tuple[Any, ...]]) -> list[Any]:
        """Call methods of the `Model` in Node, each a name and arguments; gives what they return."""
        asked = [{"folder": str(self.folder), "method": name, "arguments": values} for name, *values in questions]
        found = in_node(asked)
        assert not [each["error"] for each in found if "error" in each]
        return [each["result"] for each in found]

    def log_p(self, sources: Sequence[list[int]], targets: Sequence[list[int]]) -> np.ndarray:
        """log p of all tokens at every output position, in Python: `[pairs, positions, vocabulary]`."""
        source, target = (pad([np.asarray(row, np.int32) for row in rows]) for rows in (sources, targets))
        logits = self.model((source, target)).numpy().astype(float)
        return np.asarray(logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True))


def opened(topology: str, tokenizers: Tokenizers, folder: Path, seed: int = 1, scale: float = 0.8) -> Opened:
    """A model whose weights are so large that hypotheses differ."""
    sizes = {"embedding_size": 8, "units": 12, "layers": 2}
    model = build(topology, seed, vocabulary=len(tokenizers.source), lengths=SEARCHED_LENGTHS, **sizes)
    draw = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(draw.normal(scale=scale, size=weight.shape))
    model.head.bias.assign(model.head.bias - 1.0 * np.eye(len(tokenizers.target))[EOS])  # some end, some go on
    write(model, tokenizers, folder)
    return Opened(model, tokenizers, folder)


def write(model: Topology, tokenizers: Tokenizers, folder: Path) -> None:
    folder.mkdir(parents=True)
    tensors, weights = pack(weight_arrays(model.weights), "float32")
    search = plain(SearchConfig().fitting(model.config.topology))
    description = {"name": folder.name, **describe(model.config, tensors), "searchConfig": search}
    (folder / "model.json").write_text(json.dumps(description), encoding="utf-8")
    (folder / "weights.bin").write_bytes(weights)
    for name, tokenizer in zip(TOKENIZERS, (tokenizers.source, tokenizers.target), strict=True):
        (folder / name).write_bytes(tokenizer.model)
