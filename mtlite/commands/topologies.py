"""`mtlite topologies`"""

from __future__ import annotations

import shutil
from typing import Any

from mtlite.commands.parsing import Parser, add_config_options, config_values, new_file
from mtlite.config.options import Config, settled
from mtlite.config.recipe import config_from, typed
from mtlite.config.registry import COMMON, OPTIONAL, TOPOLOGIES, refuse_unsupported, unsupported
from mtlite.config.resolve import choose_sizes
from mtlite.errors import UsageError

_NARROWEST = 100  # columns in which the table can be read
# What the number of weights depends on beside the options: output positions of vector-dense, and k of ctc.
_FIXED, _EXPANSION = 30, 2


def run(arguments: list[str]) -> None:
    """Print the table, or one topology in full."""
    parser = Parser(
        "topologies",
        "List the topologies and the options that each can have. With an option of a model: the weights that each "
        "would have; what a topology cannot have is left out there, and sizes that are not given are those for a small "
        "corpus. Example: mtlite topologies --model.units 512 --model.layers 1",
        usage="mtlite topologies [NAME] [-o FILE.png] [--parameters] [--section.option VALUE ...]",
    )
    parser.add_argument("name", nargs="?", help="show this one in full")
    parser.add_argument(
        "-o", "--output", metavar="FILE.png", help="draw it, or all, in a new file (.png, .svg or .pdf)"
    )
    parser.add_argument("--parameters", action="store_true", help="count the weights though no option is given")
    counted = [f"model.{option}" for option in (*COMMON, *OPTIONAL)]
    add_config_options(parser, [*counted, "tokenizer.vocabulary_size", "tokenizer.joint"])
    options = parser.parse(arguments)
    if options.name:
        refuse_unsupported(options.name, {})
    names = [options.name] if options.name else list(TOPOLOGIES)
    given = config_values(options)
    typed(given, "mtlite topologies")
    configs = {name: _config(name, given) for name in names} if given or options.parameters else {}
    if options.output:
        _draw(names, options.output)
    counts = _count_weights(configs)
    if options.name:
        _print_one(options.name, counts)
    elif not options.output or counts:
        _print_all(counts)
    for option in given.get("model", {}):
        without = [name for name in configs if unsupported(name, [option])]
        if without:
            print(f"model.{option} is left out of {', '.join(without)}")
    if configs:
        print(_assumptions(configs[names[0]]))


def _config(name: str, given: dict[str, Any]) -> Config:
    """The options for one topology, no size left open."""
    model = {**given.get("model", {}), "topology": name}
    for option in unsupported(name, model):
        del model[option]
    config, _ = choose_sizes(config_from({**given, "model": model}, "mtlite topologies"), pairs=0)
    return config


def _draw(names: list[str], path: str) -> None:
    output = new_file(path, "--output")
    if output.suffix not in (".png", ".svg", ".pdf"):
        raise UsageError(f"--output {output}: expected a name that ends in .png, .svg or .pdf")
    from mtlite.topologies.drawing import draw

    draw(names, output)


def _print_one(name: str, counts: dict[str, int]) -> None:
    from mtlite.topologies.drawing import documentation

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


def _count_weights(configs: dict[str, Config]) -> dict[str, int]:
    """Weights of each topology, by building it."""
    if not configs:
        return {}
    from mtlite.runtime import start_tensorflow

    start_tensorflow(threads=0)
    from mtlite.config.length_rules import LengthRule, Lengths
    from mtlite.topologies.build import build_model

    lengths = Lengths(LengthRule(1.0, 5.0), LengthRule(1.0, 5.0), fixed=_FIXED, expansion=_EXPANSION)
    counts = {}
    for name, config in configs.items():
        size = settled(config.tokenizer.vocabulary_size)
        model = build_model(
            config.model,
            source_vocabulary=size,
            target_vocabulary=size,
            joint=config.tokenizer.joint,
            lengths=lengths,
            precision="float32",
        )
        counts[name] = model.count_params()
    return counts


def _assumptions(config: Config) -> str:
    """What weights were counted with."""
    tokenizer, model = config.tokenizer, config.model
    return (
        f"weights with {'one vocabulary' if tokenizer.joint else 'two vocabularies'} of {tokenizer.vocabulary_size:,} "
        f"pieces, embeddings of {model.embedding_size}, {model.units} units, layers on each side: {model.layers}; "
        f"N = {_FIXED} (vector-dense) and k = {_EXPANSION} (ctc), which a training learns from its corpus"
    )
