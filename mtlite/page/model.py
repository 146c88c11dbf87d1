"""A run as the page carries it: what is known of it, in plain values, and three files' bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from mtlite.config.read import plain
from mtlite.config.registry import entry_of
from mtlite.config.resolve import TopologyConfig
from mtlite.page.compose import PackedRun
from mtlite.page.weights import Precision, StoredTensor, pack
from mtlite.storage.checkpoint import weight_arrays
from mtlite.storage.files import write_atomically
from mtlite.storage.run_directory import TOKENIZERS, Run
from mtlite.translation.loading import load_model, open_runs, search_of, with_blank_penalty
from mtlite.translation.result import read_result


def pack_run(run: str | Path | Run, precision: Precision = "bfloat16") -> PackedRun:
    """Pack the best weights of a run and its tokenizers.

    Raise RunError if the run has no weights yet, is damaged, or its parts do not belong together.
    """
    (opened,), tokenizers = open_runs([run])
    model = load_model(opened, "float32")
    arrays = with_blank_penalty(weight_arrays(model.weights), model.config.topology, search_of(opened, None))
    tensors, weights = pack(arrays, precision)
    description = {"name": opened.path.resolve().name, **describe(model.config, tensors), **_facts(opened)}
    return PackedRun(description, weights, tokenizers.source.model, tokenizers.target.model)


def describe(config: TopologyConfig, tensors: Sequence[StoredTensor]) -> dict[str, object]:
    """Say what a model is built from and where its weights lie, in plain values: all that `openTopology` needs."""
    entry = entry_of(config.topology)
    return {
        "topology": config.topology,
        "family": entry.family,
        "search": entry.search,
        "parts": plain(entry.parts),
        **{zone: getattr(entry, zone) for zone in ("reads", "remembers", "writes")},
        "config": plain(config),
        "tensors": plain(tensors),
    }


def _facts(run: Run) -> dict[str, object]:
    """What a run knows besides its model. A run that is not finished has no scores."""
    facts = run.facts
    return {
        "searchConfig": plain(search_of(run, None)),
        "languages": {"source": facts.source_language, "target": facts.target_language},
        "scores": plain(read_result(run)) if run.finished else None,
        "parameters": facts.parameters,
    }


def write_folder(run: str | Path | Run, folder: Path, precision: Precision = "float32") -> None:
    """Write a packed run as files, which the engine opens in Node: `model.json`, `weights.bin`, and the tokenizers."""
    packed = pack_run(run, precision)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "model.json", json.dumps(packed.description, ensure_ascii=False).encode())
    write_atomically(folder / "weights.bin", packed.weights)
    for name, content in zip(TOKENIZERS, (packed.source, packed.target), strict=True):
        write_atomically(folder / name, content)
