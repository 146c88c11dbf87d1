"""`mtlite translate`"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from mtlite.commands.parsing import Parser, add_search_options, existing_file, search_config
from mtlite.data.lines import read_lines
from mtlite.errors import UsageError

_LINES_AT_ONCE = 2000  # bounds memory, whatever the size of the input
_WAIT_FOR_MORE = 0.01  # seconds; after that, what is there is translated at once


def run(arguments: list[str]) -> None:
    """Lines in, lines out."""
    parser = Parser("translate", "Translate lines: standard input to standard output, line in, line out.")
    parser.add_argument("run", nargs="+", help="a run directory; several make an ensemble")
    parser.add_argument(
        "--input", default=None, metavar="FILE", help="read this file (may be gzipped), not standard input"
    )
    parser.add_argument(
        "--nbest", type=int, default=None, metavar="N", help="give N hypotheses a line, each after its line's number"
    )
    parser.add_argument("--scores", action="store_true", help="write the score before each hypothesis, and a tab")
    add_search_options(parser)
    parser.add_argument("--sample", action="store_true", default=None, help="draw words at random")
    parser.add_argument(
        "--temperature", type=float, default=None, help="for --sample: below 1 bolder, above 1 more even"
    )
    parser.add_argument(
        "--top-k", type=int, default=None, help="for --sample: among the k likeliest words only; 0 is all"
    )
    parser.add_argument(
        "--top-p", type=float, default=None, help="for --sample: among the words that reach this probability"
    )
    parser.add_argument("--seed", type=int, default=1, help="for --sample")
    options = parser.parse(arguments)
    search = search_config(options, options.run[0])
    if search.nbest > 1 and search.sample:
        raise UsageError("--nbest is for beam search: leave out --sample")
    path = existing_file(options.input, "--input") if options.input else Path("/dev/stdin")

    from mtlite.search.translator import Translator

    translator = Translator.load(options.run, search, options.threads, options.seed)
    number = 0
    for lines in chunks(read_lines(path)):
        for translation in translator.translate(lines):
            number += 1
            if translation.cut:
                print(
                    f"mtlite: warning: line {number} has more than {search.max_source_tokens} pieces and was cut "
                    "(--max-source-tokens)",
                    file=sys.stderr,
                )
            for text, score in zip(translation.texts, translation.scores, strict=True):
                parts = [str(number)] if search.nbest > 1 else []
                parts += [f"{score:.4f}"] if options.scores else []
                sys.stdout.buffer.write("\t".join([*parts, text]).encode() + b"\n")
        sys.stdout.buffer.flush()


def chunks(lines: Iterator[str]) -> Iterator[list[str]]:
    """Lines in groups: as many as are there, without waiting for more.

    An error of the reader is raised after all earlier lines were given.
    """
    waiting: queue.Queue[str | BaseException | None] = queue.Queue(_LINES_AT_ONCE)

    def read() -> None:
        try:
            for line in lines:
                waiting.put(line)
            waiting.put(None)
        except BaseException as error:  # noqa: BLE001 - raised by the other thread
            waiting.put(error)

    threading.Thread(target=read, daemon=True).start()
    end: BaseException | None = None
    going_on = True
    while going_on:
        chunk: list[str] = []
        item = waiting.get()
        while True:
            if not isinstance(item, str):
                going_on, end = False, item
                break
            chunk.append(item)
            if len(chunk) >= _LINES_AT_ONCE:
                break
            try:
                item = waiting.get(timeout=_WAIT_FOR_MORE)
            except queue.Empty:
                break
        if chunk:
            yield chunk
    if end is not None:
        raise end
