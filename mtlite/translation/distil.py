"""A corpus as a model would translate it: training pairs for another model (Kim & Rush 2016).

Translations are simpler than what people write, and easier to learn. Those of an ensemble teach one model what several
know. Translated back, they are sources for the other direction (data diversification: Nguyen et al. 2020).
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import signal
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from mtlite.config.options import DataConfig, SearchConfig
from mtlite.config.read import plain
from mtlite.console import ProgressDisplay
from mtlite.data.cache import known_digest
from mtlite.data.prepare import read_corpus
from mtlite.errors import Stopped, UsageError
from mtlite.storage.checkpoint import WEIGHTS
from mtlite.storage.locks import Lock
from mtlite.storage.run_directory import Run
from mtlite.translation.loading import OpenRuns
from mtlite.translation.translator import Translator

_ENDS = re.compile(r"[\t\r\n]+")
_AT_ONCE = 1000  # sentences; after each group, what is done is on disk


def distil(
    opened: OpenRuns, search: SearchConfig, data: DataConfig, output: Path, threads: int, console: Console
) -> int:
    """Translate the sources of the training pairs into a new file with tabs, and return how many there are.

    Its header names the languages, so that a recipe may read it in both directions. What was stopped goes on: a file
    beside `output` keeps what is done with these runs, this search and this corpus. Raise UsageError for a corpus in
    another language, Stopped if the user stopped it.
    """
    corpus, _ = read_corpus(data, console.print)
    facts = opened.runs[0].facts
    if None not in (ours := facts.source_language, theirs := corpus.source_language) and ours != theirs:
        raise UsageError(f"{opened.runs[0].path} translates {ours}, and the sources of the corpus are {theirs}")
    sources = corpus.train["source"]
    part = output.with_name(f"{output.name}.{_key(opened.runs, search, known_digest(corpus.train))}.part")
    lock = Lock(output.with_name(f"{output.name}.lock"))
    lock.acquire(math.inf, lambda holder: console.print(f"{output}: waiting for {holder}, which writes it"))
    try:
        header = _header(facts.source_language, facts.target_language)
        _translate(Translator.of(opened, search, threads), sources, part, header, console)
        os.replace(part, output)
    finally:
        lock.release(remove=True)
    return len(sources)


def _key(runs: Sequence[Run], search: SearchConfig, corpus: str) -> str:
    """What the translations depend on, in a few letters."""
    weights = [run.checksum(WEIGHTS) for run in runs]
    return hashlib.sha256(json.dumps([weights, plain(search), corpus]).encode()).hexdigest()[:16]


def _header(source: str | None, target: str | None) -> str:
    return f"{source}\t{target}\n" if source and target and source != target else "source\ttarget\n"


def _translate(translator: Translator, sources: Sequence[str], part: Path, header: str, console: Console) -> None:
    """Append the translations that a file does not have yet."""
    with open(part, "a+b", buffering=0) as file:
        file.seek(0)
        lines = file.read().split(b"\n")[:-1]  # the last one is not whole, or empty
        file.truncate(sum(len(line) + 1 for line in lines))
        if not lines:
            file.write(header.encode())
        done = max(0, len(lines) - 1)
        display = ProgressDisplay(len(sources), done, console)
        try:
            while done < len(sources):
                some = sources[done : done + _AT_ONCE]
                pairs = zip(some, translator.translate(some, first=done), strict=True)
                text = "".join(f"{_in_a_cell(line)}\t{_in_a_cell(found.texts[0])}\n" for line, found in pairs)
                file.write(text.encode())
                os.fsync(file.fileno())
                done += len(some)
                if display.due or done == len(sources):
                    display.show(done, "translated", f"{done:,} of {len(sources):,}")
        except KeyboardInterrupt as stop:
            kept = f"{done:,} of {len(sources):,} translations are kept in {part}; the same command goes on"
            raise Stopped(f"stopped: {kept}", getattr(stop, "number", signal.SIGINT)) from None
        finally:
            display.close()


def _in_a_cell(text: str) -> str:
    """A sentence without what ends a cell or a line of the file."""
    return _ENDS.sub(" ", text)
