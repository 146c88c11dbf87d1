"""`mtlite topologies`"""

from __future__ import annotations

import argparse
import dataclasses
import math
import shutil

from mtlite.commands.parsing import Parser, add_config_options, config_values, new_picture
from mtlite.config.length_rules import LengthRule, LengthRules
from mtlite.config.options import ModelConfig
from mtlite.config.recipe import Values, config_from
from mtlite.config.registry import OPTIONAL, TOPOLOGIES, entry_of, unsupported
from mtlite.config.resolve import TopologyConfig, choose_sizes
from mtlite.runtime import start_tensorflow
from mtlite.topologies.documentation import documentation

_NARROWEST = 100  # columns in which the table can be read
# The number of weights also depends on the output positions of vector-dense, and k of ctc.
_LENGTHS = LengthRules(LengthRule(1.0, 5.0), LengthRule(1.0, 5.0), fixed=30, expansion=2)


def make_parser() -> Parser:
    """Its options."""
    parser = Parser(
        "topologies",
        "List the topologies and the options that each can have. With an option of a model: the weights that each "
        "would have; what a topology cannot have is left out there, and sizes that are not given are those for a small "
        "corpus. Example: mtlite topologies --model.units 512 --model.layers 1",
        usage="mtlite topologies [NAME] [-o FILE.png] [--parameters] [--section.option VALUE ...]",
    )
    parser.add_argument("name", nargs="?", help="show this one in full")
    picture = "draw it, or all, in a new file (.png, .svg or .pdf)"
    parser.add_argument("-o", "--output", metavar="FILE.png", help=picture)
    parser.add_argument("--parameters", action="store_true", help="count the weights though no option is given")
    counted = [f"model.{field.name}" for field in dataclasses.fields(ModelConfig) if field.name != "topology"]
    add_config_options(parser, [*counted, "tokenizer.vocabulary_size", "tokenizer.joint"])
    return parser


def run(options: argparse.Namespace) -> None:
    """Print the table, or one topology in full."""
    names = [options.name] if options.name else list(TOPOLOGIES)
    for name in names:
        entry_of(name)
    given = config_values(options)
    configs = {name: _config(name, given) for name in names} if given or options.parameters else {}
    if options.output:
        from mtlite.topologies.drawing import draw

        draw(names, new_picture(options.output, "--output"))
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


def _config(name: str, given: Values) -> TopologyConfig:
    """The options for one topology, with all sizes chosen."""
    model = {**given.get("model", {}), "topology": name}
    for option in unsupported(name, model):
        del model[option]
    config = config_from({**given, "model": model}, "mtlite topologies")
    tokenizer, resolved = choose_sizes(config, pairs=0)
    size, joint = tokenizer.vocabulary_size, tokenizer.joint
    return TopologyConfig.of(resolved, source_vocabulary=size, target_vocabulary=size, joint=joint, lengths=_LENGTHS)


def _print_one(name: str, counts: dict[str, int]) -> None:
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
    for column in ("topology", "picture", "family", "reads", "remembers", "writes"):
        table.add_column(column, no_wrap=column in ("topology", "picture", "family"))
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
    common = [field.name for field in dataclasses.fields(ModelConfig) if field.name not in (*OPTIONAL, "topology")]
    print(f"model.{{{', '.join(common)}}}: all")


def _count_weights(configs: dict[str, TopologyConfig]) -> dict[str, int]:
    """Count the weights of each topology."""
    if not configs:
        return {}
    start_tensorflow(threads=0)
    from mtlite.topologies.build import weight_shapes

    return {name: sum(map(math.prod, weight_shapes(config).values())) for name, config in configs.items()}


def _assumptions(config: TopologyConfig) -> str:
    """Say with which sizes weights were counted."""
    return (
        f"weights with {'one vocabulary' if config.joint else 'two vocabularies'} of {config.source_vocabulary:,} "
        f"pieces, embeddings of {config.embedding_size}, {config.units} units, layers on each side: {config.layers}; "
        f"N = {_LENGTHS.fixed} (vector-dense) and k = {_LENGTHS.expansion} (ctc), which a training learns from its "
        "corpus"
    )
