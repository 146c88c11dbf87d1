"""`mtlite cache`"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mtlite.commands.listing import print_table
from mtlite.commands.parsing import Parser
from mtlite.storage.cache import Listed, the_cache
from mtlite.visible import visible_line

_COLUMNS = ("what", "made from", "size", "last used", "in use by")


def make_parser() -> Parser:
    """Its options."""
    parser = Parser(
        "cache",
        "List what mtlite keeps of prepared corpora and of graphs for --engine onnx, so that a second start does not "
        "make it again, with its size. It is in the cache of datasets (HF_DATASETS_CACHE); what the Hugging Face Hub "
        "has sent is not touched.",
    )
    what = "remove everything that no process uses; what is in use is kept and named"
    parser.add_argument("action", nargs="?", choices=("clear",), help=what)
    return parser


def run(options: argparse.Namespace) -> None:
    """Print a table, or what was removed."""
    from mtlite.data.cache import writing_to_cache

    cache = the_cache()
    if options.action == "clear":
        with writing_to_cache():
            gone, kept = cache.clear()
        for entry in kept:
            print(visible_line(f"kept: {entry.path}: {entry.what}{of(entry)}, in use by {', '.join(entry.users)}"))
        print(f"removed: {total(gone)}; kept: {total(kept)}")
        return
    entries = cache.entries()
    if entries:
        rows = [
            [entry.what, entry.origin, megabytes(entry.size), entry.used, ", ".join(entry.users)]
            for entry in sorted(entries, key=lambda entry: (entry.origin, entry.used))
        ]
        print_table(_COLUMNS, rows, long=("what", "made from", "in use by"), right=("size",))
    print(visible_line(f"{cache.folder}: {total(entries)}"))


def of(entry: Listed) -> str:
    """What an entry was made from, if that is known."""
    return f" of {entry.origin}" if entry.origin else ""


def total(entries: Sequence[Listed]) -> str:
    """How many there are, and their size."""
    size = megabytes(sum(entry.size for entry in entries))
    return f"{len(entries):,} {'entry' if len(entries) == 1 else 'entries'}, {size}"


def megabytes(size: int) -> str:
    """Bytes for people."""
    return f"{size / 1e6:,.1f} MB"
