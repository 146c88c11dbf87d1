"""`mtlite evaluate`"""

from __future__ import annotations

from mtlite.commands.parsing import Parser, add_search_options, existing_file, search_config
from mtlite.data.lines import read_lines
from mtlite.errors import DataError, UsageError
from mtlite.run import Run


def run(arguments: list[str]) -> None:
    """Score the run's own test sets again, or other files."""
    parser = Parser(
        "evaluate",
        "Score a run with BLEU, chrF2 and TER: its own test sets, or other files. The run itself stays as it is.",
    )
    parser.add_argument("run", help="a run directory")
    parser.add_argument("--source", default=None, metavar="FILE", help="text to translate, one sentence a line")
    parser.add_argument("--reference", default=None, metavar="FILE", help="its translation, line by line")
    parser.add_argument("--output", default=None, metavar="FILE", help="write the hypotheses to this new file")
    add_search_options(parser)
    options = parser.parse(arguments)
    if (options.source is None) != (options.reference is None):
        raise UsageError("expected --source and --reference together")
    if options.output and options.source is None:
        raise UsageError("--output goes with --source and --reference: the run has the hypotheses of its own test sets")
    search = search_config(options, options.run)
    place = Run.open(options.run)
    facts = place.read_json("run.json")
    if options.source:
        sides = [
            list(read_lines(existing_file(path, option)))
            for path, option in ((options.source, "--source"), (options.reference, "--reference"))
        ]
        if len(sides[0]) != len(sides[1]):
            raise DataError(
                f"{options.source} has {len(sides[0]):,} lines, {options.reference} has {len(sides[1]):,}: "
                "expected line by line translations"
            )
        if not sides[0]:
            raise DataError(f"{options.source} is empty: expected sentences to score")
        sets = {options.source: sides}
    else:
        sets = {name: [place.read_side(f"{name}.source"), place.read_side(f"{name}.target")] for name in facts["tests"]}

    from mtlite.evaluate import describe, evaluate_lines
    from mtlite.search.translator import Translator

    translator = Translator.load(options.run, search, options.threads)
    for name, (sources, references) in sets.items():
        hypotheses, scores, seconds = evaluate_lines(translator, sources, references, facts["target_language"])
        print(describe(name, scores, search.beam_size, seconds), flush=True)
        if options.output:
            with open(options.output, "x", encoding="utf-8", newline="") as file:
                file.writelines(line + "\n" for line in hypotheses)
