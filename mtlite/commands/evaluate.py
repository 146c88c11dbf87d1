"""`mtlite evaluate`"""

from __future__ import annotations

import argparse
from pathlib import Path

from mtlite.commands.parsing import (
    Parser,
    add_metrics_option,
    add_search_options,
    existing_file,
    new_file,
    search_config,
    warn_of_truncation,
)
from mtlite.config.places import is_on_hub
from mtlite.config.recipe import metrics_of
from mtlite.data.lines import read_lines
from mtlite.errors import UsageError
from mtlite.evaluation.references import beside_each_other
from mtlite.notices import notice
from mtlite.runtime import start_tensorflow
from mtlite.storage.files import write_atomically
from mtlite.translation.loading import open_runs, sets_to_score
from mtlite.visible import visible, visible_line


def make_parser() -> Parser:
    """Its options."""
    parser = Parser(
        "evaluate",
        "Score a run: its own test sets, or other files. After ± is half of the 95% interval for other sentences. "
        "Nothing of the run changes but its card, README.md, which is written anew between its marks from what the "
        "training has recorded.",
    )
    parser.add_argument("run", help="a run directory")
    source = "text to translate, one sentence a line (default: the run's own test sets)"
    output = "write the hypotheses for --source to this new file (default: not written)"
    parser.add_argument("--source", metavar="FILE", help=source)
    reference = "its translation, line by line; once for each if there are several references (default: as --source)"
    parser.add_argument("--reference", action="append", metavar="FILE", help=reference)
    parser.add_argument("--output", metavar="FILE", help=output)
    moses = "BLEU on Moses tokens in lower case, too, on a line of its own (needs sacremoses)"
    tokenized = "with --moses: the tokenised translation for each --reference, line by line (default: made from it)"
    parser.add_argument("--moses", action="store_true", help=moses)
    parser.add_argument("--moses-reference", action="append", metavar="FILE", help=tokenized)
    add_metrics_option(parser)
    add_search_options(parser)
    return parser


def run(options: argparse.Namespace) -> None:
    """Score the run's own test sets again, or other files."""
    _refuse_what_does_not_go_together(options)
    if options.moses:
        from mtlite.evaluation.moses import moses_bleu, require_sacremoses

        require_sacremoses()
    hypotheses = new_file(options.output, "--output") if options.output else None
    opened = open_runs([options.run])
    (run,) = opened.runs
    search = search_config(options, run)
    metrics = metrics_of(options.metrics, "--metrics") if options.metrics else run.config.evaluation.metrics
    files = {"--source": [options.source] if options.source else [], "--reference": options.reference or []}
    for name, paths in {**files, "--moses-reference": options.moses_reference or []}.items():
        for path in paths:
            existing_file(path, name)
    tokenized = None
    if options.moses_reference:
        tokenized = beside_each_other([list(read_lines(Path(path))) for path in options.moses_reference])
    sets = sets_to_score(run, options.source, list(map(Path, options.reference)) if options.reference else None)

    start_tensorflow(options.threads)  # before anything else imports it: it prints while it loads
    from mtlite.translation.scoring import describe, score_lines
    from mtlite.translation.translator import Translator

    translator = Translator.of(opened, search, options.threads)
    for name, (sources, references) in sets.items():
        scored = score_lines(translator, sources, references, run.facts.target_language, metrics)
        for number in scored.truncated:
            warn_of_truncation(f"line {number} of {name}", search.max_source_tokens)
        how = search.in_words(run.config.model.topology)
        print(visible(describe(visible_line(name), scored, how, metrics)), flush=True)
        if options.moses:
            moses = moses_bleu(scored.hypotheses, references, run.facts.target_language, tokenized)
            print(
                visible(f"{name}: BLEU {moses.score:.2f} on Moses tokens in lower case  {moses.signature}"), flush=True
            )
        if hypotheses:
            write_atomically(hypotheses, "".join(line + "\n" for line in scored.hypotheses).encode())
    if options.source is None and not is_on_hub(options.run) and run.finished and not run.in_use:
        from mtlite.card.card import write_card_or_warn

        write_card_or_warn(run, opened.tokenizers, notice)


def _refuse_what_does_not_go_together(options: argparse.Namespace) -> None:
    if (options.source is None) != (options.reference is None):
        raise UsageError("expected --source and --reference together")
    if options.output and options.source is None:
        raise UsageError("--output goes with --source and --reference: the run has the hypotheses of its own test sets")
    if options.moses_reference and not (options.moses and options.reference):
        raise UsageError("--moses-reference goes with --moses, --source and --reference")
