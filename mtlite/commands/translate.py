"""`mtlite translate`"""

from __future__ import annotations

import argparse
import queue
import re
import sys
import threading
from collections.abc import Iterator

from mtlite.commands.parsing import (
    AS_RUN,
    Parser,
    add_engine_option,
    add_search_options,
    existing_file,
    search_config,
    warn_of_truncation,
    whole_number,
)
from mtlite.data.lines import STANDARD_INPUT, read_lines
from mtlite.errors import UsageError
from mtlite.export.engine import open_translator
from mtlite.notices import notice
from mtlite.translation.loading import open_runs
from mtlite.translation.sentences import Translation
from mtlite.visible import visible

_LINES_AT_ONCE = 2000  # both bound memory, whatever the size of the input
_CHARACTERS_AT_ONCE = 1 << 20
_LINES_AHEAD = 16  # read while others are translated
_SENTENCE_END = re.compile(r"\w{3,}[.!?…][^\w\s]*\s+[^\w\s]*[A-ZÀ-ÖØ-Þ]|\u3002\s*\w")
_WAIT_FOR_MORE = 0.01  # seconds; after that, what is there is translated at once


def make_parser() -> Parser:
    """Its options."""
    parser = Parser("translate", "Translate lines: standard input to standard output, line in, line out.")
    parser.add_argument("run", nargs="+", help="a run directory; several make an ensemble")
    parser.add_argument("--input", metavar="FILE", help="read this file, may be gzipped (default: standard input)")
    nbest = f"give N hypotheses a line, each after its line's number {AS_RUN}"
    parser.add_argument("--nbest", type=int, metavar="N", help=nbest)
    equal = f"keep hypotheses of one text in --nbest: other pieces may give the same text {AS_RUN}"
    parser.add_argument("--equal-texts", action="store_true", default=None, help=equal)
    parser.add_argument("--scores", action="store_true", help="write the score before each hypothesis, and a tab")
    add_search_options(parser)
    add_engine_option(parser)
    temperature = f"below 1 favours likely words, above 1 flattens the distribution {AS_RUN}"
    top_k = f"among the K likeliest words only; 0 is all {AS_RUN}"
    top_p = f"among the likeliest words that together reach this probability {AS_RUN}"
    seed = "the same seed draws the same words"
    group = parser.add_argument_group("sampling")
    group.add_argument("--sample", action="store_true", default=None, help="draw words at random")
    group.add_argument("--temperature", type=float, metavar="T", help=temperature)
    group.add_argument("--top-k", type=int, metavar="K", help=top_k)
    group.add_argument("--top-p", type=float, metavar="P", help=top_p)
    group.add_argument("--seed", type=whole_number(0, 2**31 - 1), default=1, metavar="S", help=seed)
    return parser


def run(options: argparse.Namespace) -> None:
    """Lines in, lines out."""
    opened = open_runs(options.run)
    search = search_config(options, opened.runs[0])
    if search.nbest > 1 and search.sample:
        raise UsageError("--nbest is for beam search: leave out --sample")
    path = existing_file(options.input, "--input") if options.input else STANDARD_INPUT

    translator = open_translator(opened, search, options.engine, options.threads, options.seed)
    terminal = sys.stdout.isatty()
    number, doubts = 0, dict[str, tuple[int, str]]()  # by what is doubtful: how many lines, and the first
    for lines in chunks(read_lines(path)):
        for line, translation in zip(lines, translator.translate(lines, first=number), strict=True):
            number += 1
            for what, example in _doubts(line, translation):
                before, first = doubts.get(what, (0, f"line {number}: {example}"))
                doubts[what] = before + 1, first
            if translation.truncated:
                warn_of_truncation(f"line {number}", search.max_source_tokens)
            for text, score in zip(translation.texts, translation.scores, strict=True):
                parts = [str(number)] if search.nbest > 1 else []
                parts += [f"{score:.4f}"] if options.scores else []
                shown = visible(text) if terminal else text  # a pipe or a file gets every byte
                sys.stdout.buffer.write("\t".join([*parts, shown]).encode() + b"\n")
        sys.stdout.buffer.flush()
    for what, (count, first) in doubts.items():
        notice(f"warning: {count:,} of {number:,} lines {what}; the first is {first}")


def _doubts(line: str, translation: Translation) -> Iterator[tuple[str, str]]:
    """What a model was hardly trained on in a line, and an example or a remedy."""
    if translation.unknown:
        yield "have characters that are not in the vocabulary and are lost", repr(translation.unknown[0].lstrip("▁"))
    if _SENTENCE_END.search(line):
        yield "seem to hold several sentences", "give one sentence a line, as most training pairs have"


def chunks(lines: Iterator[str]) -> Iterator[list[str]]:
    """Group lines, as many as are there, without waiting for more; raise an error of the reader after them."""
    waiting: queue.Queue[str | BaseException | None] = queue.Queue(_LINES_AHEAD)

    def read() -> None:
        try:
            for line in lines:
                waiting.put(line)
            waiting.put(None)
        except BaseException as error:  # noqa: BLE001 - raised by the other thread
            waiting.put(error)

    threading.Thread(target=read, daemon=True).start()
    last: str | BaseException | None = ""
    while isinstance(last, str):
        chunk, last = _next_chunk(waiting)
        if chunk:
            yield chunk
    if last is not None:
        raise last


def _next_chunk(waiting: queue.Queue[str | BaseException | None]) -> tuple[list[str], str | BaseException | None]:
    """The next group of lines, and what came last: a line, or the end, which is an error or None."""
    chunk: list[str] = []
    characters, last = 0, waiting.get()
    while isinstance(last, str):
        chunk.append(last)
        characters += len(last)
        if len(chunk) >= _LINES_AT_ONCE or characters >= _CHARACTERS_AT_ONCE:
            break
        try:
            last = waiting.get(timeout=_WAIT_FOR_MORE)
        except queue.Empty:
            break
    return chunk, last
