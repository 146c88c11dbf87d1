"""`mtlite page`"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from mtlite.commands.parsing import Parser, new_file
from mtlite.errors import UsageError
from mtlite.page.weights import Precision
from mtlite.storage.files import write_atomically
from mtlite.visible import visible


def make_parser() -> Parser:
    """Its options."""
    parser = Parser(
        "page",
        "Make one HTML file that carries trained models: it opens in a browser, translates, and shows how. It needs no "
        "network and no installation, and sends nothing anywhere. Several runs stand side by side.",
    )
    parser.add_argument("run", nargs="*", help="run directories")
    parser.add_argument("--ablation", metavar="DIR", help="of each system of an ablation, the run that did best on dev")
    parser.add_argument("-o", "--output", required=True, metavar="FILE.html", help="the page, a new file")
    weights = "how weights are written: float32 is exact, bfloat16 half as large, int8 a quarter"
    parser.add_argument("--weights", choices=get_args(Precision), default="bfloat16", help=weights)
    measure = "translate the first test set with each kind of weights, and state BLEU of each on the page"
    parser.add_argument("--measure", action="store_true", help=measure)
    title = "stands above the page (default: the languages)"
    parser.add_argument("--title", metavar="WORDS", help=title)
    text = "stands in the box at first (default: the first source of the first run's test set)"
    parser.add_argument("--text", metavar="WORDS", help=text)
    parser.add_argument("--licence", metavar="WORDS", help="of the models, stated on the page")
    parser.add_argument("--description", metavar="WORDS", help="of the models, stated on the page")
    return parser


def run(options: argparse.Namespace) -> None:
    """Pack the runs into one file."""
    from mtlite.page.ablation_choice import best_runs
    from mtlite.page.about import Said
    from mtlite.page.page import Wishes, choose_runs, make_page

    if not options.output.endswith((".html", ".htm")):
        raise UsageError(f"--output {options.output}: expected a name that ends in .html")
    output = new_file(options.output, "--output")
    if not options.run and not options.ablation:
        raise UsageError("expected run directories, or --ablation with the folder of an ablation, received none")
    runs = choose_runs(options.run, best_runs(Path(options.ablation)) if options.ablation else {})
    said = Said(options.licence, options.description)
    page = make_page(runs, Wishes(options.weights, options.measure, options.title, options.text, said)).encode()
    write_atomically(output, page)
    print(visible(f"{output}: {len(page) / 1e6:.1f} MB, {', '.join(runs)}"))
