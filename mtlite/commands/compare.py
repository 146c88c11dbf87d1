"""`mtlite compare`"""

from __future__ import annotations

import argparse

from mtlite.commands.parsing import Parser


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
    parser.add_argument("--reference", metavar="FILE", help="the right translations, line by line, for files")
    parser.add_argument(
        "--language",
        metavar="CODE",
        help="of the files, such as de: tells what a word is (default: the reference's ending)",
    )
    return parser


def run(options: argparse.Namespace) -> None:
    """Say which differences are more than chance."""
    from mtlite.report.side_by_side import compare

    print(compare(options.systems, options.baseline, options.test, options.reference, options.language))
