"""`mtlite export`"""

from __future__ import annotations

import argparse
from typing import get_args

from mtlite.commands.parsing import Parser, new_file
from mtlite.export.export import Format, Weights, export
from mtlite.storage.files import size_of
from mtlite.visible import visible


def make_parser() -> Parser:
    """Its options."""
    parser = Parser(
        "export",
        "Write a trained model for other programs, into a new folder. ONNX: graphs, vocabularies, and a translate.py "
        "that needs neither mtlite nor TensorFlow, only onnxruntime, sentencepiece and numpy. SavedModel: ids in, ids "
        "out, with greedy search inside, for whatever runs TensorFlow.",
    )
    parser.add_argument("run", help="a run directory")
    parser.add_argument("--to", choices=get_args(Format), default="onnx", help="the format")
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="a new folder")
    weights = "how weights are written to ONNX: float32 is exact, int8 about a quarter as large"
    parser.add_argument("--weights", choices=get_args(Weights), default="float32", help=weights)
    return parser


def run(options: argparse.Namespace) -> None:
    """Write the folder."""
    output = new_file(options.output, "--output")
    export(options.run, options.to, output, options.weights)
    names = sorted(each.name for each in output.iterdir())
    print(visible(f"{output}: {size_of(output) / 1e6:.1f} MB, {', '.join(names)}"))
