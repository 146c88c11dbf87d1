"""`mtlite compare`"""

from __future__ import annotations

import argparse

from mtlite.commands.parsing import Parser, add_metrics_option, named_paths
from mtlite.config.recipe import metrics_of


def make_parser() -> Parser:
    """Its options."""
    parser = Parser(
        "compare",
        "Say which differences are more than chance: between finished runs (those that differ in their seed alone are "
        "one system), or, with --reference, between files of translations.",
    )
    parser.add_argument("systems", nargs="+", metavar="RUN or FILE", help="run directories, or files of translations")
    parser.add_argument("--baseline", metavar="RUN", help="the others are compared with this one (default: the first)")
    parser.add_argument("--test", metavar="NAME", help="a test set of the runs (default: the first that all have)")
    reference = "the right translations, line by line, for files; once for each if there are several references"
    parser.add_argument("--reference", action="append", metavar="FILE", help=reference)
    parser.add_argument(
        "--language",
        metavar="CODE",
        help="of the files, such as de: tells what a word is (default: the reference's ending)",
    )
    add_metrics_option(parser)
    scores = (
        "another metric: a file with one number a sentence, higher is better; once for each RUN or FILE, in their "
        "order (default: none)"
    )
    parser.add_argument("--scores", action="append", metavar="NAME=FILE", help=scores)
    return parser


def run(options: argparse.Namespace) -> None:
    """Say which differences are more than chance."""
    from mtlite.report.side_by_side import compare

    metrics = metrics_of(options.metrics, "--metrics") if options.metrics else None
    scores = named_paths("--scores", options.scores)
    where = options.baseline, options.test, options.reference, options.language
    print(compare(options.systems, *where, metrics=metrics, scores=scores))
