"""`mtlite serve`"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from importlib.util import find_spec

from mtlite.commands.parsing import Parser, add_engine_option, add_search_options, search_config, whole_number
from mtlite.config.options import SearchConfig
from mtlite.errors import MtliteError, UsageError
from mtlite.export.engine import open_translator
from mtlite.notices import notice
from mtlite.serve.detection import Detector, lines_by_language
from mtlite.serve.pairs import open_pairs
from mtlite.storage.run_directory import Run

_MODULES = ("starlette", "uvicorn", "python_multipart", "prometheus_client")  # of the extra
_KEY = "MTLITE_API_KEY"


def make_parser() -> Parser:
    """Its options."""
    parser = Parser(
        "serve",
        "Keep models running and answer over HTTP, with the interface of LibreTranslate: POST /translate and /detect, "
        "GET /languages, /health, /metrics and /spec, and a page at /. Ctrl-C or SIGTERM stops; what was begun is "
        "answered first. Needs mtlite with the extra serve.",
    )
    parser.add_argument("run", nargs="+", help="run directories, one for each pair of languages")
    host = "address to listen on; 0.0.0.0 is every one of this machine"
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help=host)
    parser.add_argument("--port", type=whole_number(0, 65535), default=5000, metavar="N", help="0 takes a free one")
    key = f"refuse whoever asks for work without this key (default: what the environment variable {_KEY} says, if any)"
    parser.add_argument("--api-key", metavar="TEXT", help=key)
    add_search_options(parser)
    add_engine_option(parser)
    return parser


def run(options: argparse.Namespace) -> None:
    """Load the models and answer until a signal comes."""
    require_extra()
    from mtlite.serve.app import Service, make_app
    from mtlite.serve.server import address_of, is_loopback, listen, serve

    key = options.api_key if options.api_key is not None else os.environ.get(_KEY) or None
    if key == "":
        raise UsageError("--api-key: expected a key, received an empty text: leave it out to serve everybody")
    opened = open_pairs(options.run)
    runs = {pair: each.runs[0] for pair, each in opened.items()}
    searches = {pair: served_search(search_config(options, each)) for pair, each in runs.items()}
    detector = Detector(lines_by_language(runs.values()))
    listening = listen(options.host, options.port)
    with listening:
        if key is None and not is_loopback(options.host):
            notice(f"warning: whoever reaches {options.host} can have texts translated: --api-key restricts it")
        models = {
            pair: open_translator(each, searches[pair], options.engine, options.threads).translate
            for pair, each in opened.items()
        }
        for translate in models.values():
            translate(["."])  # the first sentence takes longest: nobody waits for it
        said = ", ".join(f"{source} → {target}" for source, target in models)
        service = Service(models, detector, lambda: page_of(list(runs.values())), key)
        where = address_of(listening)
        serve(make_app(service, lambda: notice(f"serving {said} on {where} (Ctrl-C stops)")), listening)
    notice("stopped")


def require_extra() -> None:
    """Raise MtliteError, with what to do, if a library of the extra is not installed."""
    for name in _MODULES:
        if find_spec(name) is None:
            raise MtliteError(f'serve: {name} is not installed: pip install mtlite with its extra, "[serve]"')


def served_search(search: SearchConfig) -> SearchConfig:
    """A search that gives the same answer to the same question, with all its hypotheses as alternatives."""
    return replace(search, sample=False, nbest=search.beam_size, equal_texts=False)


def page_of(runs: list[Run]) -> str:
    """A page with the same runs."""
    from mtlite.page.page import Wishes, choose_runs, make_page

    return make_page(choose_runs([str(run.path) for run in runs], {}), Wishes())
