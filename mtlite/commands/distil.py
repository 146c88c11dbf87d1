"""`mtlite distil`"""

from __future__ import annotations

import argparse

from mtlite.commands.parsing import (
    Parser,
    add_config_options,
    add_search_options,
    config_values,
    new_file,
    search_config,
)
from mtlite.config.read import plain
from mtlite.config.recipe import config_from, merge, options
from mtlite.console import make_console
from mtlite.runtime import start_tensorflow
from mtlite.translation.loading import open_runs
from mtlite.visible import visible


def make_parser() -> Parser:
    """Its options."""
    parser = Parser(
        "distil",
        "Translate the sources of a training corpus into a new file of pairs, for the training of another model: "
        "data.train.pairs of its recipe. The header of the file names the languages, so that a model of the other "
        "direction can be trained on it, too. Stopped, the same command goes on.",
    )
    parser.add_argument("run", nargs="+", help="a run directory; several make an ensemble")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="a new file, such as distilled.tsv")
    add_search_options(parser)
    add_config_options(parser, {option.name for option in options() if option.name.startswith("data.")})
    return parser


def run(options: argparse.Namespace) -> None:
    """Write the file."""
    output = new_file(options.output, "--output")
    opened = open_runs(options.run)
    first = opened.runs[0]
    search = search_config(options, first)
    data = config_from(merge({"data": plain(first.config.data)}, config_values(options)), "mtlite distil").data
    start_tensorflow(options.threads)
    from mtlite.translation.distil import distil

    count = distil(opened, search, data, output, options.threads, make_console())
    print(visible(f"{output}: {count:,} pairs"))
