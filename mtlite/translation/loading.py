"""Opening a run directory that may come from a stranger: everything is bounded before memory is taken for it.

No file of a run holds code, and none leads out of the folder (see `Run.open`). What is left to refuse are entries that
are no files (reading a pipe never ends) and sizes that do not fit together.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import safetensors

from mtlite.config.length_rules import Lengths
from mtlite.config.options import Config, ModelConfig, SearchConfig, settled
from mtlite.config.recipe import config_from
from mtlite.config.registry import TOPOLOGIES
from mtlite.data.tokenizer import Tokenizers
from mtlite.errors import RunError, UsageError
from mtlite.limits import MAX_SIDE_BYTES, MAX_TENSOR_BYTES
from mtlite.storage.run_directory import Run

WEIGHTS = "best.safetensors"
_ARRAYS_PER_LAYER = 12  # of both sides, none larger than the largest
_HEADER_BYTES = 1 << 20


def open_run(path: str | Path) -> Run:
    """A run that exists, with the configuration that it was trained with.

    Raises:
        RunError: if it is no run, is damaged, or has something strange or too large in it.
    """
    run = Run.open(path)
    for side in sorted((run.path / "data").glob("*")):
        if side.stat().st_size > MAX_SIDE_BYTES:
            raise RunError(f"{side} has {side.stat().st_size:,} bytes: expected at most {MAX_SIDE_BYTES:,}")
    return run


def open_runs(paths: Sequence[str | Path | Run]) -> tuple[list[Run], Tokenizers]:
    """Runs that translate together, with all that can be checked of them without TensorFlow.

    Raises:
        RunError: if one is no finished run, or is damaged.
        UsageError: if there is none, or if they have different vocabularies.
    """
    if not paths:
        raise UsageError("expected a run directory, received none")
    for path in paths:
        if not isinstance(path, str | Path | Run):
            raise UsageError(f"expected the path of a run directory, received {type(path).__name__}")
    runs = [open_run(path.path if isinstance(path, Run) else path) for path in paths]
    facts = [run.facts() for run in runs]
    for run, fact in zip(runs, facts, strict=True):
        for key in ("source_tokenizer", "target_tokenizer"):
            if fact[key] != facts[0][key]:
                raise UsageError(
                    f"{runs[0].path} and {run.path} have different vocabularies: an ensemble needs runs with the same "
                    "tokenizer"
                )
    tokenizers = [load_tokenizers(run, fact) for run, fact in zip(runs, facts, strict=True)]
    models = [run.config().model for run in runs]
    lengths = [load_lengths(run, fact) for run, fact in zip(runs, facts, strict=True)]
    refuse_unjoinable([model.topology for model in models], lengths)
    for each in zip(runs, models, facts, lengths, strict=True):
        refuse_other_sizes(*each)
    return runs, tokenizers[0]


def refuse_unjoinable(topologies: Sequence[str], lengths: Sequence[Lengths]) -> None:
    """Refuse models that cannot be asked together.

    Args:
        topologies: of the models.
        lengths: of the models.

    Raises:
        UsageError: why they cannot.
    """
    first = TOPOLOGIES[topologies[0]].family
    for topology, rules in zip(topologies[1:], lengths[1:], strict=True):
        if "ctc" in (topology, topologies[0]):
            raise UsageError(
                "an ensemble cannot have a ctc model, whose blanks stand elsewhere in every model: give one run"
            )
        if TOPOLOGIES[topology].family != first:
            raise UsageError(
                f"an ensemble needs models of one family: {topologies[0]} is {first}, {topology} is "
                f"{TOPOLOGIES[topology].family} (mtlite topologies)"
            )
        if first == "direct" and (topology, rules) != (topologies[0], lengths[0]):
            raise UsageError(
                f"an ensemble of topologies that write in one pass needs one topology, trained on one corpus, received "
                f"{topologies[0]} and {topology}"
            )


def translation_config(
    config: Config, search: SearchConfig | None, threads: int, seed: int, precision: str | None
) -> Config:
    """A run's configuration with what was asked for over it, checked as a recipe is.

    Args:
        config: of the run.
        search: how to search; as the run says if None.
        threads: processor threads; 0 takes all.
        seed: for sampling.
        precision: number format of products; as the run says if None.

    Raises:
        UsageError: if a value has another type, is out of range, or is nothing for the run's topology.
    """
    if not isinstance(search, SearchConfig | None):
        raise UsageError(f"search: expected a mtlite.SearchConfig, received {type(search).__name__}")
    values = {**config.to_dict(), "seed": seed}
    values["search"] = dataclasses.asdict(search or config.search)
    values["training"]["threads"] = threads
    if precision is not None:
        values["training"]["precision"] = precision
    return config_from(values, "translation")


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
    if not path.is_file() and run.finished:
        raise RunError(f"{path} is missing: the run is finished and has lost its weights: put them back, or train anew")
    if not path.is_file():
        raise RunError(f"{run.path} has no weights yet ({WEIGHTS}): go on with mtlite train --run {run.path} --resume")
    if None in (model.units, model.embedding_size, model.dropout, model.embedding_dropout):
        raise RunError(f"{run.path / 'resolved.yaml'} is damaged: expected sizes and dropout, nothing left open")
    least = 4 * _least_weights(model, max(facts["source_vocabulary"], facts["target_vocabulary"]), lengths)
    shapes = _shapes(path)
    for name, shape in shapes.items():
        if not _fits(name, shape, model, facts):
            raise RunError(
                f"{path}: {name} of shape {shape} is not of {model.units} units, embeddings of {model.embedding_size} "
                "and the run's vocabularies: the weights belong to another configuration"
            )
    size, arrays = path.stat().st_size, len(shapes)
    most = most_bytes(model, facts, lengths)
    if not least <= size <= most or arrays < model.layers:
        raise RunError(
            f"{path}: expected {least:,} to {most:,} bytes for {model.layers} layers of {model.units} units, received "
            f"{size:,} bytes in {arrays} arrays: the weights belong to another configuration"
        )


def most_bytes(model: ModelConfig, facts: dict[str, Any], lengths: Lengths) -> int:
    """Bytes that the weights of a configuration have at most."""
    largest = _least_weights(model, max(facts["source_vocabulary"], facts["target_vocabulary"]), lengths)
    return 4 * _ARRAYS_PER_LAYER * (model.layers + 1) * largest + _HEADER_BYTES


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


def _fits(name: str, shape: list[int], model: ModelConfig, facts: dict[str, Any]) -> bool:
    """Whether an array can be one of the configuration; only what all topologies have in common is looked at."""
    units = settled(model.units)
    if name.endswith("embedding/table"):
        vocabularies = facts["source_vocabulary"], facts["target_vocabulary"]
        return shape in [[vocabulary, model.embedding_size] for vocabulary in vocabularies]
    if name.endswith("/recurrent_kernel"):
        return shape in [[size, 4 * size] for size in (units, units // 2)]  # two directions share the units
    return True


def _shapes(path: Path) -> dict[str, list[int]]:
    """The shape of each array in a weight file, from its header."""
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            shapes = {name: list(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (safetensors.SafetensorError, OSError, ValueError, TypeError) as error:
        raise RunError(f"{path} is damaged ({' '.join(str(error).split())[:200]})") from None
    for name, shape in shapes.items():
        if 4 * math.prod(shape) > MAX_TENSOR_BYTES:
            raise RunError(f"{path}: {name} of shape {shape} is larger than {MAX_TENSOR_BYTES:,} bytes")
    return shapes
