"""`mtlite topologies`"""

from __future__ import annotations

import argparse
import shutil

from mtlite.commands.parsing import Parser, new_file
from mtlite.errors import UsageError
from mtlite.models.table import COMMON, OPTIONAL, TOPOLOGIES, both_directions, refuse_unsupported

_NARROWEST = 100  # columns in which the table can be read
# What the number of weights depends on beside the options: output positions of vector-dense, and k of ctc.
_FIXED, _EXPANSION = 30, 2


def run(arguments: list[str]) -> None:
    """Print the table, or one topology in full."""
    parser = Parser("topologies", "List the topologies and the options that each can have.")
    parser.add_argument("name", nargs="?", help="show this one in full")
    parser.add_argument(
        "-o", "--output", metavar="FILE.png", help="draw it, or all, in a new file (.png, .svg or .pdf)"
    )
    parser.add_argument("--parameters", action="store_true", help="count the weights at these sizes:")
    parser.add_argument("--embedding-size", type=int, default=64, help="numbers per embedding")
    parser.add_argument("--units", type=int, default=128, help="LSTM units per layer")
    parser.add_argument("--layers", type=int, default=1, help="LSTM layers on each side")
    parser.add_argument("--vocabulary-size", type=int, default=2000, help="pieces of the vocabulary of both sides")
    options = parser.parse(arguments)
    if options.name:
        refuse_unsupported(options.name, {})
    for size in ("embedding_size", "units", "layers", "vocabulary_size"):
        least = {"units": 2, "vocabulary_size": 4}.get(size, 1)
        if getattr(options, size) < least:
            raise UsageError(
                f"--{size.replace('_', '-')}: expected at least {least}, received {getattr(options, size)}"
            )
    if options.units % 2:
        raise UsageError(f"--units: expected an even number for two directions, received {options.units}")
    if options.output:
        _draw(options)
    counts = _count_parameters(options) if options.parameters else {}
    if options.name:
        _print_one(options.name, counts)
    elif not options.output or counts:
        _print_all(counts)


def _draw(options: argparse.Namespace) -> None:
    output = new_file(options.output, "--output")
    if output.suffix not in (".png", ".svg", ".pdf"):
        raise UsageError(f"--output {output}: expected a name that ends in .png, .svg or .pdf")
    from mtlite.models.drawing import draw

    draw([options.name] if options.name else list(TOPOLOGIES), output)


def _print_one(name: str, counts: dict[str, int]) -> None:
    from mtlite.models.drawing import documentation

    entry = TOPOLOGIES[name]
    print(f"{name} ({entry.family})\n\n{documentation(name)}\n")
    print(f"options beside those that all have: {', '.join(sorted(entry.options)) or 'none'}")
    if counts:
        print(f"weights: {counts[name]:,}")


def _print_all(counts: dict[str, int]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("topology", "picture", "family"):
        table.add_column(column, no_wrap=True)
    for column in ("reads", "remembers", "writes"):
        table.add_column(column)
    if counts:
        table.add_column("weights", justify="right", no_wrap=True)
    for name, entry in TOPOLOGIES.items():
        count = [f"{counts[name]:,}"] if counts else []
        table.add_row(name, entry.picture, entry.family, entry.reads, entry.remembers, entry.writes, *count)
    width = max(_NARROWEST, shutil.get_terminal_size((160, 24)).columns)
    Console(width=width, markup=False, highlight=False).print(table)
    for option in OPTIONAL:
        able = ", ".join(name for name, entry in TOPOLOGIES.items() if option in entry.options)
        print(f"model.{option}: {able}")
    print(f"model.{{{', '.join(COMMON)}}}: all")
    if counts:
        print(
            f"weights with N = {_FIXED} (vector-dense), k = {_EXPANSION} (ctc), one vocabulary, "
            "two directions if possible"
        )


def _count_parameters(options: argparse.Namespace) -> dict[str, int]:
    """Weights of the topology asked for, or of all, by building them."""
    from mtlite.hardware import start_tensorflow

    start_tensorflow(threads=0)
    from mtlite.config import ModelConfig
    from mtlite.models.build import build_model
    from mtlite.models.lengths import LengthRule, Lengths

    lengths = Lengths(LengthRule(1.0, 5.0), LengthRule(1.0, 5.0), fixed=_FIXED, expansion=_EXPANSION)
    counts = {}
    for name in [options.name] if options.name else TOPOLOGIES:
        config = ModelConfig(
            topology=name,
            embedding_size=options.embedding_size,
            units=options.units,
            layers=options.layers,
            bidirectional=both_directions(name, None),
            dropout=0.0,
            embedding_dropout=0.0,
        )
        model = build_model(
            config,
            source_vocabulary=options.vocabulary_size,
            target_vocabulary=options.vocabulary_size,
            joint=True,
            lengths=lengths,
            precision="float32",
        )
        counts[name] = model.count_params()
    return counts
