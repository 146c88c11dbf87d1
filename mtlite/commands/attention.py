"""`mtlite attention`"""

from __future__ import annotations

from pathlib import Path

from mtlite.commands.parsing import Parser, add_search_options, search_config
from mtlite.errors import UsageError


def run(arguments: list[str]) -> None:
    """Draw a heat map."""
    parser = Parser("attention", "Draw where a model with attention looks while it translates a sentence.")
    parser.add_argument("run", help="a run directory")
    parser.add_argument("sentence", help="the sentence to translate")
    parser.add_argument(
        "-o", "--output", required=True, metavar="FILE.png", help="the picture, a new file (.png, .svg or .pdf)"
    )
    add_search_options(parser)
    options = parser.parse(arguments)
    output = Path(options.output)
    if output.suffix not in (".png", ".svg", ".pdf"):
        raise UsageError(f"--output {output}: expected a name that ends in .png, .svg or .pdf")
    if output.exists():
        raise UsageError(f"--output {output} exists: give a new name")
    if not options.sentence.strip():
        raise UsageError("the sentence is empty: give one to translate")
    search = search_config(options, options.run)

    from mtlite.search.translator import Translator

    translator = Translator.load(options.run, search, options.threads)
    translation = translator.translate([options.sentence])[0]
    if not translation.weights.shape[1]:
        raise UsageError(f"{options.run} has no attention to draw: train with --model.topology attention")

    from mtlite.pictures import draw_attention

    draw_attention(translation.source_pieces, translation.target_pieces, translation.weights, output)
    print(translation.texts[0])
