"""Opening a run directory that may come from a stranger: everything is bounded before memory is taken for it.

No file of a run holds code, and none leads out of the folder (see `Run.open`). What is left to refuse are entries that
are no files (reading a pipe never ends) and sizes that do not fit together.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import safetensors

from mtlite.config import ModelConfig, settled
from mtlite.data.limits import (
    MAX_JSON_BYTES,
    MAX_SIDE_BYTES,
    MAX_TENSOR_BYTES,
    MAX_TOKENIZER_BYTES,
    MAX_YAML_BYTES,
)
from mtlite.data.tokenizer import Tokenizers
from mtlite.errors import RunError
from mtlite.models.lengths import Lengths
from mtlite.run import Run

WEIGHTS = "best.safetensors"
_MOST_BYTES = {
    "run.json": MAX_JSON_BYTES,
    "resolved.yaml": MAX_YAML_BYTES,
    "tokenizer.model": MAX_TOKENIZER_BYTES,
    "source.model": MAX_TOKENIZER_BYTES,
    "target.model": MAX_TOKENIZER_BYTES,
    WEIGHTS: None,  # as large as its arrays, which are bounded each
}


def open_run(path: str | Path) -> Run:
    """A run that exists, with files of sizes that a run can have.

    Raises:
        RunError: if it is no run, is damaged, or has something too large in it.
    """
    folder = Path(path)
    for name, most in _MOST_BYTES.items():
        _refuse_oversized(folder / name, most)
    for side in sorted((folder / "data").glob("*")):
        _refuse_oversized(side, MAX_SIDE_BYTES)
    run = Run.open(path)
    tests = run.facts()["tests"]
    if not all(isinstance(name, str) for name in tests):
        raise RunError(f"{folder / 'run.json'} is damaged: expected the names of test sets, received {tests}")
    return run


def _refuse_oversized(path: Path, most: int | None) -> None:
    if not path.exists():
        return
    if not path.is_file():
        raise RunError(f"{path} is not a file: the run is damaged")
    size = path.stat().st_size
    if most is not None and size > most:
        raise RunError(f"{path} has {size:,} bytes: expected at most {most:,}")


def load_tokenizers(run: Run, facts: dict[str, Any]) -> Tokenizers:
    """The tokenizers that a run was trained with.

    Raises:
        RunError: if they are missing, or others.
    """
    tokenizers = Tokenizers.load(run.path)
    sides = {"source": tokenizers.source, "target": tokenizers.target}
    for side, tokenizer in sides.items():
        if facts[f"{side}_tokenizer"] != tokenizer.sha256:
            raise RunError(f"the {side} tokenizer in {run.path} is not the one that the run was trained with")
        if facts[f"{side}_vocabulary"] != len(tokenizer):
            raise RunError(
                f"{run.path / 'run.json'} is damaged: its {side} tokenizer has {len(tokenizer):,} pieces, "
                f"{facts[f'{side}_vocabulary']:,} are stated"
            )
    if facts["joint"] != tokenizers.joint:
        raise RunError(f"{run.path / 'run.json'} is damaged: joint does not fit its tokenizers")
    return tokenizers


def load_lengths(run: Run, facts: dict[str, Any]) -> Lengths:
    """How long outputs may be.

    Raises:
        RunError: if that is not stated, or out of all proportion.
    """
    try:
        lengths = Lengths.from_dict(facts["lengths"])
        rules = lengths.direct, lengths.search
        numbers = [lengths.fixed, lengths.expansion, *(part for rule in rules for part in (rule.slope, rule.intercept))]
        fitting = all(math.isfinite(number) and abs(number) <= 2**20 for number in numbers)
    except (KeyError, TypeError, ValueError, OverflowError):
        fitting = False
    if not fitting or lengths.fixed < 1 or lengths.expansion < 1 or any(not 0 <= rule.slope <= 100 for rule in rules):
        raise RunError(f"{run.path / 'run.json'} is damaged: expected rules for the lengths of outputs")
    return lengths


def refuse_other_sizes(run: Run, model: ModelConfig, facts: dict[str, Any], lengths: Lengths) -> None:
    """Refuse a configuration whose weights cannot be those of the run, before memory is taken for them.

    Raises:
        RunError: what does not fit.
    """
    path = run.path / WEIGHTS
    if not path.is_file():
        raise RunError(f"{run.path} has no weights yet ({WEIGHTS}): go on with mtlite train --run {run.path} --resume")
    if None in (model.units, model.embedding_size, model.dropout, model.embedding_dropout):
        raise RunError(f"{run.path / 'resolved.yaml'} is damaged: expected sizes and dropout, nothing left open")
    least = 4 * _least_weights(model, max(facts["source_vocabulary"], facts["target_vocabulary"]), lengths)
    size, arrays = path.stat().st_size, _refuse_large_arrays(path)
    if size < least or arrays < model.layers:
        raise RunError(
            f"{path}: expected at least {least:,} bytes for {model.layers} layers of {model.units} units, "
            f"received {size:,} bytes in {arrays} arrays: the weights belong to another configuration"
        )


def _least_weights(model: ModelConfig, vocabulary: int, lengths: Lengths) -> int:
    """Numbers that the largest array of a topology has at least."""
    units, embedding_size = settled(model.units), settled(model.embedding_size)
    largest = [vocabulary * embedding_size, embedding_size * units, (model.layers - 1) * units * units]
    if model.topology != "one-to-one":  # every other one has an LSTM, whose halves see half the units each
        largest += [2 * units * units, 4 * embedding_size * units]
    if model.topology == "vector-dense":
        largest.append(lengths.fixed * embedding_size * units)
    if model.topology == "ctc":
        largest.append(lengths.expansion * units * units)
    return max(largest)


def _refuse_large_arrays(path: Path) -> int:
    """How many arrays a weight file has; their sizes are read from its header."""
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            names = list(file.keys())
            shapes = [file.get_slice(name).get_shape() for name in names]
    except (safetensors.SafetensorError, OSError, ValueError, TypeError) as error:
        raise RunError(f"{path} is damaged ({' '.join(str(error).split())[:200]})") from None
    for name, shape in zip(names, shapes, strict=True):
        if 4 * math.prod(shape) > MAX_TENSOR_BYTES:
            raise RunError(f"{path}: {name} of shape {shape} is larger than {MAX_TENSOR_BYTES:,} bytes")
    return len(names)
