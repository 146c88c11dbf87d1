"""`mtlite attention`"""

from __future__ import annotations

import argparse
import io
import sys

from mtlite.commands.parsing import Parser, add_search_options, new_picture, search_config, warn_of_truncation
from mtlite.config.registry import TOPOLOGIES, entry_of
from mtlite.errors import UsageError
from mtlite.runtime import start_tensorflow
from mtlite.storage.files import write_atomically
from mtlite.translation.loading import open_runs
from mtlite.visible import visible


def make_parser() -> Parser:
    """Its options."""
    parser = Parser("attention", "Draw where a model with attention looks while it translates a sentence.")
    parser.add_argument("run", help="a run directory")
    parser.add_argument("sentence", help="the sentence to translate")
    picture = "the picture, a new file (.png, .svg or .pdf)"
    parser.add_argument("-o", "--output", required=True, metavar="FILE.png", help=picture)
    add_search_options(parser)
    return parser


def run(options: argparse.Namespace) -> None:
    """Draw a heat map."""
    output = new_picture(options.output, "--output")
    if not options.sentence.strip():
        raise UsageError("the sentence is empty: give one to translate")
    opened = open_runs([options.run])
    search = search_config(options, opened.runs[0])
    topology = opened.runs[0].config.model.topology
    if "attention" not in entry_of(topology).options:
        able = [name for name, entry in TOPOLOGIES.items() if "attention" in entry.options]
        raise UsageError(f"{options.run} is of topology {topology}, which has no attention: expected {', '.join(able)}")

    start_tensorflow(options.threads)  # before anything else imports it: it prints while it loads
    from mtlite.report.attention_map import draw_attention
    from mtlite.translation.translator import Translator

    translator = Translator.of(opened, search, options.threads)
    translation = translator.translate([options.sentence])[0]
    if translation.truncated:
        warn_of_truncation("the sentence", search.max_source_tokens)
    pieces, drawn = (translation.source_pieces, translation.target_pieces), io.BytesIO()
    draw_attention(*pieces, translation.attention, drawn, format=output.suffix.removeprefix("."))
    write_atomically(output, drawn.getvalue())
    print(visible(translation.texts[0]) if sys.stdout.isatty() else translation.texts[0])
