"""From a configuration to a model."""

from __future__ import annotations

import importlib
from typing import Any

from mtlite.config.length_rules import Lengths
from mtlite.config.options import ModelConfig
from mtlite.config.registry import TOPOLOGIES
from mtlite.topologies.topology import Topology


def topology_class(name: str) -> type[Topology]:
    """The class that the table names."""
    entry = TOPOLOGIES[name]
    return getattr(importlib.import_module(f"mtlite.topologies.{entry.module}"), entry.cls)  # type: ignore[no-any-return]


def build_model(
    config: ModelConfig,
    *,
    source_vocabulary: int,
    target_vocabulary: int,
    joint: bool,
    lengths: Lengths,
    precision: str,
) -> Topology:
    """A topology with weights, ready to train or to load.

    Args:
        config: sizes and options, nothing left open.
        source_vocabulary: size of the source vocabulary.
        target_vocabulary: size of the target vocabulary.
        joint: whether both sides share one vocabulary.
        lengths: how long outputs may be.
        precision: number format of products, float32 or bfloat16.
    """
    options: dict[str, Any] = {key: value for key, value in vars(config).items() if key != "topology"}
    model = topology_class(config.topology)(
        source_vocabulary=source_vocabulary,
        target_vocabulary=target_vocabulary,
        joint=joint,
        lengths=lengths.to_dict(),
        precision=precision,
        name="topology",
        **options,
    )
    model.make_weights()
    return model
