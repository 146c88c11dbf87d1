"""Opening runs that may come from a stranger: everything is bounded before memory is taken for it.

No file of a run holds code, and none leads out of the folder (see `Run.open`). Parts that do not fit together are
refused here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import safetensors

from mtlite.config.options import SearchConfig, refuse_search
from mtlite.config.read import plain, read_as
from mtlite.config.recipe import Values
from mtlite.config.registry import entry_of
from mtlite.config.resolve import TopologyConfig
from mtlite.data.ids import PAD
from mtlite.data.lines import read_lines, without_blank_end
from mtlite.data.tokenizer import Tokenizers
from mtlite.errors import DataError, RunError, UsageError
from mtlite.evaluation.references import References, beside_each_other
from mtlite.limits import MAX_TENSOR_BYTES
from mtlite.notices import notice
from mtlite.runtime import choose_precision, claim_process, load_tensorflow
from mtlite.storage.checkpoint import WEIGHTS, assign_weights
from mtlite.storage.run_directory import FACTS, Run
from mtlite.storage.tensors import Arrays, load_arrays

if TYPE_CHECKING:
    from mtlite.topologies.topology import Topology


_BIAS = "weights/topology/head/bias"
_ARRAYS_OF_A_LAYER = 2  # at least: a kernel and a bias; an LSTM has one more


class OpenRuns(NamedTuple):
    """Runs that translate together."""

    runs: list[Run]
    tokenizers: Tokenizers  # of all of them


def open_runs(runs: Sequence[str | Path | Run]) -> OpenRuns:
    """Open runs that translate together, and check all that can be checked without TensorFlow."""
    if not runs:
        raise UsageError("expected a run directory, received none")
    opened = [as_run(run) for run in runs]
    for given, run in zip(runs, opened, strict=True):
        refuse_without_weights(run)
        if given is not run and not run.finished and run.in_use:
            notice(f"{run.path} {run.how_far()}; until then, its best weights so far are used")
    tokenizers = [load_tokenizers(run) for run in opened]
    refuse_unjoinable(opened)
    return OpenRuns(opened, tokenizers[0])


def as_run(run: str | Path | Run) -> Run:
    """Open a run directory, unless it is open."""
    if not isinstance(run, str | Path | Run):
        raise UsageError(f"expected the path of a run directory, received {type(run).__name__}")
    return run if isinstance(run, Run) else Run.open(run)


Lines = str | Path | Sequence[str]
Expected = Lines | Sequence[Path] | Sequence[Sequence[str]]
"""References: a file or lines as for sources; or several files, or a list of texts for each sentence."""


def sets_to_score(
    run: Run, source: Lines | None, reference: Expected | None
) -> dict[str, tuple[list[str], References]]:
    """Sources and references by name: the test sets of a run, or those of text files or lists."""
    if (source is None) != (reference is None):
        raise UsageError("expected source and reference together")
    if source is None or reference is None:
        return {name: (run.read_side(f"{name}.source"), run.references(name)) for name in run.facts.tests}
    name, sources = (str(source), _read(source)) if isinstance(source, str | Path) else ("source", list(source))
    if not sources:
        raise DataError(f"{name} is empty: expected sentences to score")
    files = [reference] if isinstance(reference, str | Path) else [each for each in reference if isinstance(each, Path)]
    if not files:
        references: References = list(reference)  # type: ignore[arg-type]
        _refuse_other_count(name, sources, "reference", references)
        return {name: (sources, references)}
    read = {str(path): _read(path) for path in files}
    if isinstance(source, str | Path):
        for path, lines in read.items():
            sources, read[path] = without_blank_end(sources, lines)
    for path, lines in read.items():
        _refuse_other_count(name, sources, path, lines)
    return {name: (sources, beside_each_other(list(read.values())))}


def _read(path: str | Path) -> list[str]:
    return list(read_lines(Path(path)))


def _refuse_other_count(name: str, sources: Sequence[str], other: str, references: References) -> None:
    if len(sources) != len(references):
        counts = f"{name} has {len(sources):,} lines, {other} has {len(references):,}"
        raise DataError(f"{counts}: expected line by line translations")


def refuse_unjoinable(runs: Sequence[Run]) -> None:
    """Raise UsageError for runs that cannot translate together."""
    first = runs[0]
    topology, family = first.config.model.topology, entry_of(first.config.model.topology).family
    for run in runs[1:]:
        other = run.config.model.topology
        for side in ("source_tokenizer", "target_tokenizer"):
            if getattr(run.facts, side) != getattr(first.facts, side):
                raise UsageError(
                    f"{first.path} and {run.path} have different vocabularies: an ensemble needs runs with the same "
                    "tokenizer"
                )
        for name in (topology, other):
            if not entry_of(name).ensembles:
                raise UsageError(
                    f"an ensemble cannot have a {name} model, whose positions mean something else in every model: give "
                    "one run"
                )
        if entry_of(other).family != family:
            raise UsageError(
                f"an ensemble needs models of one family: {topology} is {family}, {other} is "
                f"{entry_of(other).family} (mtlite topologies)"
            )
        if family == "direct" and (other, run.facts.lengths) != (topology, first.facts.lengths):
            raise UsageError(
                "an ensemble of topologies that write in one pass needs one topology, trained on one corpus, received "
                f"{topology} and {other}"
            )


def search_of(run: Run, asked: SearchConfig | Values | None) -> SearchConfig:
    """Search as a run was configured, with what was asked for over it; raise UsageError if the run cannot."""
    if not isinstance(asked, SearchConfig | dict | None):
        raise UsageError(f"search: expected a mtlite.SearchConfig, received {type(asked).__name__}")
    topology = run.config.model.topology
    given = plain(asked) if isinstance(asked, SearchConfig) else asked or {}
    search = read_as(SearchConfig, {**plain(run.config.search), **given}, "translation", section="search")
    refuse_search(topology, search)
    if isinstance(asked, dict) and asked.get("blank_penalty") and not entry_of(topology).blanks:
        problem = f"topology '{topology}' writes no blanks"
        raise UsageError(f"search.blank_penalty: {problem}: expected 0, or nothing, received {search.blank_penalty:g}")
    if isinstance(asked, dict) and "beam_size" in asked and search.fitting(topology) != search:
        problem = f"topology '{topology}' writes in one pass and has no beam"
        raise UsageError(f"search.beam_size: {problem}: expected 1, or nothing, received {search.beam_size}")
    return search.fitting(topology)


def load_tokenizers(run: Run) -> Tokenizers:
    """Load the tokenizers that a run was trained with; raise RunError if they are missing, or others."""
    facts, tokenizers = run.facts, Tokenizers.load(run.path)
    sides = {
        "source": (tokenizers.source, facts.source_tokenizer, facts.source_vocabulary),
        "target": (tokenizers.target, facts.target_tokenizer, facts.target_vocabulary),
    }
    for side, (tokenizer, sha256, size) in sides.items():
        if tokenizer.sha256 != sha256:
            raise RunError(f"the {side} tokenizer in {run.path} is not the one that the run was trained with")
        if len(tokenizer) != size:
            raise RunError(
                f"{run.path / FACTS} is damaged: it states {size:,} pieces of the {side} tokenizer, which has "
                f"{len(tokenizer):,}"
            )
    if facts.joint != tokenizers.joint:
        raise RunError(f"{run.path / FACTS} is damaged: joint does not fit its tokenizers")
    return tokenizers


def refuse_without_weights(run: Run) -> None:
    """Raise RunError for a run that has no weights."""
    path = run.path / WEIGHTS
    if path.is_file():
        return
    if run.finished:
        raise RunError(f"{path} is missing: the run is finished and has lost its weights: put them back, or train anew")
    raise RunError(f"{run.path} has no weights yet ({WEIGHTS}): the run {run.how_far()}")


def topology_config(run: Run, precision: str | None = None) -> TopologyConfig:
    """The configuration of a run's model; `precision` is as the run says if None."""
    facts, config = run.facts, run.config
    return TopologyConfig.of(
        config.model,
        source_vocabulary=facts.source_vocabulary,
        target_vocabulary=facts.target_vocabulary,
        joint=facts.joint,
        lengths=facts.lengths,
        precision=choose_precision(precision or config.training.precision),
    )


def load_model(run: str | Path | Run, precision: str | None = None) -> Topology:
    """Load the model of a run with the weights of its best validation; `precision` is as the run says if None.

    Raise RunError if the weights are missing, damaged, or do not belong to the run's configuration.
    """
    run = as_run(run)
    claim_process()
    load_tensorflow()  # before anything else imports it: it prints while it loads
    from mtlite.topologies.build import build_model, weight_shapes

    path, config = run.path / WEIGHTS, topology_config(run, precision)
    refuse_without_weights(run)
    received = _shapes(path)
    # A model of a hundred layers takes long to make: only if there may be weights for it.
    if ":" not in config.topology and len(received) < (least := _ARRAYS_OF_A_LAYER * config.layers):
        raise RunError(
            f"{path}: expected at least {least} arrays for {config.layers} layers, received {len(received)}: the "
            "weights belong to another configuration"
        )
    expected = weight_shapes(config)
    for name in {**expected, **received}:
        if expected.get(name) != received.get(name):
            raise RunError(
                f"{path}: expected {name} of shape {expected.get(name)}, received {received.get(name)}: the weights "
                "belong to another configuration"
            )
    arrays = load_weights(run)
    model = build_model(config)
    assign_weights(model.weights, arrays, path)
    return model


def load_weights(run: Run) -> Arrays:
    """Load the weights of the best validation as arrays; RunError if they are missing, damaged, or not finite."""
    refuse_without_weights(run)
    path = run.path / WEIGHTS
    arrays, _ = load_arrays(path)
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise RunError(f"{path} is damaged: {name} holds numbers that are not finite")
    return arrays


def with_blank_penalty(arrays: Arrays, topology: str, search: SearchConfig) -> Arrays:
    """The weights of a model that gives a blank less by itself, for programs that know of no such penalty."""
    if not (entry_of(topology).blanks and search.blank_penalty):
        return arrays
    bias = arrays[_BIAS].copy()
    bias[PAD] -= search.blank_penalty
    return {**arrays, _BIAS: bias}


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of each weight in a file, from its header."""
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (safetensors.SafetensorError, OSError, ValueError, TypeError) as error:
        raise RunError(f"{path} is damaged ({' '.join(str(error).split())[:200]})") from None
    for name, shape in shapes.items():
        if 4 * math.prod(shape) > MAX_TENSOR_BYTES:
            raise RunError(f"{path}: {name} of shape {shape} is larger than {MAX_TENSOR_BYTES:,} bytes")
    return {name.removeprefix("weights/"): shape for name, shape in shapes.items()}
