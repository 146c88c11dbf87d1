"""Argument parsers whose errors are the project's own, and the options that several commands share."""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path
from typing import NoReturn

from mtlite.config import SearchConfig
from mtlite.errors import UsageError
from mtlite.run import Run


class Parser(argparse.ArgumentParser):
    """A parser that raises `UsageError` and names the nearest option."""

    def __init__(self, command: str, description: str) -> None:
        super().__init__(
            prog=f"mtlite {command}",
            description=description,
            allow_abbrev=False,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )

    def parse(self, arguments: list[str]) -> argparse.Namespace:
        """Parse, and refuse what is not known."""
        parsed, unknown = self.parse_known_args(arguments)
        if unknown:
            names = [name for action in self._actions for name in action.option_strings if name.startswith("--")]
            near = difflib.get_close_matches(unknown[0].split("=")[0], names, 1, 0.5) or names
            raise UsageError(f"{self.prog}: unknown argument '{unknown[0]}': expected {', '.join(near)}")
        return parsed

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message} (see {self.prog} --help)")


def add_search_options(parser: Parser) -> None:
    """Options of search; what is not given is as the run says."""
    group = parser.add_argument_group("search (default: as the run was configured)")
    group.add_argument("--beam", type=int, default=None, metavar="K", help="hypotheses kept at every step; 1 is greedy")
    group.add_argument("--length-penalty", type=float, default=None, help="0 prefers short hypotheses, 1 long ones")
    group.add_argument("--max-source-tokens", type=int, default=None, help="longer sources are cut, with a warning")
    group.add_argument("--threads", type=int, default=0, help="processor threads; 0 takes all")


def search_config(arguments: argparse.Namespace, run: str) -> SearchConfig:
    """The run's search settings with the options of the command line over them.

    Raises:
        UsageError: if a value is out of range.
    """
    config = Run.open(run).config()
    options = {
        "beam": "beam_size",
        "length_penalty": "length_penalty",
        "max_source_tokens": "max_source_tokens",
        "nbest": "nbest",
        "sample": "sample",
        "temperature": "temperature",
        "top_k": "top_k",
        "top_p": "top_p",
    }
    for option, field in options.items():
        value = getattr(arguments, option, None)
        if value is not None:
            setattr(config.search, field, value)
    if arguments.threads < 0:
        raise UsageError(f"--threads: expected 0 or more, received {arguments.threads}")
    from mtlite.recipe import check

    check(config)
    return config.search


def existing_file(path: str, option: str) -> Path:
    """A file that is there.

    Raises:
        UsageError: if it is not.
    """
    if not Path(path).exists():
        raise UsageError(f"{option} {path} not found: give a text file with one sentence a line")
    return Path(path)
