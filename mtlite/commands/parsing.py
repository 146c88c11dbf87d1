"""Argument parsers whose errors are the project's own, and the options that several commands share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Container
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args, get_origin

from mtlite.config.options import SearchConfig
from mtlite.config.recipe import Option, check, from_text, options, unknown_option
from mtlite.errors import UsageError


class _Help(argparse.HelpFormatter):
    """Every option with its default; where that depends, the text itself says on what."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text = action.help or ""
        if not action.option_strings or action.required or action.nargs == 0 or "(default: " in text:
            return text
        return f"{text} (default: {'none' if action.default is None else '%(default)s'})"


class Parser(argparse.ArgumentParser):
    """A parser that raises `UsageError` and names the nearest option."""

    def __init__(self, command: str, description: str, usage: str | None = None) -> None:
        super().__init__(
            prog=f"mtlite {command}",
            description=description,
            usage=usage,
            allow_abbrev=False,
            formatter_class=_Help,
        )
        # In place of "invalid int value".
        self.register("type", int, _whole_number)
        self.register("type", float, _number)
        self.add_argument("--debug", action="store_true", help="show where an error comes from")

    def parse(self, arguments: list[str]) -> argparse.Namespace:
        """Parse, and refuse what is not known."""
        parsed, unknown = self.parse_known_args(arguments)
        if unknown:
            option = unknown[0].split("=")[0]
            if not option.startswith("-"):
                raise UsageError(f"{self.prog}: unexpected argument '{option}' (see {self.prog} --help)")
            names = [name for action in self._actions for name in action.option_strings if name.startswith("--")]
            section = option.rpartition(".")[0]
            siblings = [name for name in names if name.rpartition(".")[0] == section]
            siblings = siblings or [name for name in names if "." not in name]
            raise UsageError(f"{self.prog}: {unknown_option(option, siblings, names)}")
        return parsed

    def _print_message(self, message: str, file: Any = None) -> None:
        """Without the silence of `argparse` where help cannot be written."""
        print(message, end="", file=file or sys.stderr)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message} (see {self.prog} --help)")


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a whole number, received {text}") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number, received {text}") from None


def add_config_options(parser: Parser, names: Container[str] | None = None) -> None:
    """One option for every option of `Config`, in groups as its sections.

    Args:
        parser: gets them.
        names: those that are wanted, if not all are.
    """
    groups = {"": parser.add_argument_group("everything")}
    for option in options():
        if names is not None and option.name not in names:
            continue
        section = option.name.rpartition(".")[0]
        if section not in groups:
            groups[section] = parser.add_argument_group(section)
        default = "none" if option.default is None else str(option.default).lower()
        text = option.help if "(default: " in option.help else f"{option.help} (default: {default})"
        groups[section].add_argument(
            f"--{option.name}", default=argparse.SUPPRESS, metavar=_metavar(option), help=text.replace("%", "%%")
        )


def config_values(parsed: argparse.Namespace) -> dict[str, Any]:
    """What was given of the options that `add_config_options` added, nested as in a recipe."""
    values: dict[str, Any] = {}
    for option in options():
        if hasattr(parsed, option.name):
            *sections, last = option.name.split(".")
            place = values
            for section in sections:
                place = place.setdefault(section, {})
            place[last] = from_text(option, getattr(parsed, option.name))
    return values


def _metavar(option: Option) -> str:
    kinds = get_args(option.kind) or (option.kind,)
    if get_origin(option.kind) is Literal:
        return f"{{{','.join(kinds)}}}"
    if bool in kinds:
        return "{true,false}"
    if get_origin(option.kind) is dict:
        return "'{NAME: {source: FILE, target: FILE}}'"
    return "NUMBER" if int in kinds or float in kinds else "TEXT"


def add_search_options(parser: Parser) -> None:
    """Options of search; what is not given is as the run says."""
    as_run = "(default: as the run was configured)"
    group = parser.add_argument_group("search")
    group.add_argument("--beam", type=int, metavar="K", help=f"hypotheses kept at every step; 1 is greedy {as_run}")
    group.add_argument(
        "--length-penalty", type=float, metavar="P", help=f"0 prefers short hypotheses, 1 long ones {as_run}"
    )
    group.add_argument(
        "--max-source-tokens", type=int, metavar="N", help=f"longer sources are cut, with a warning {as_run}"
    )
    group.add_argument("--threads", type=int, default=0, metavar="N", help="processor threads; 0 takes all")


def search_config(arguments: argparse.Namespace, run: str) -> SearchConfig:
    """The run's search settings with the options of the command line over them.

    Raises:
        UsageError: if a value is out of range.
    """
    from mtlite.translation.loading import open_run

    config = open_run(run).config()
    settings = {
        "beam": "beam_size",
        "length_penalty": "length_penalty",
        "max_source_tokens": "max_source_tokens",
        "nbest": "nbest",
        "sample": "sample",
        "temperature": "temperature",
        "top_k": "top_k",
        "top_p": "top_p",
    }
    for option, field in settings.items():
        value = getattr(arguments, option, None)
        if value is not None:
            setattr(config.search, field, value)
    if not 0 <= arguments.threads <= 4096:
        raise UsageError(f"--threads: expected 0 to 4096, received {arguments.threads}")
    if arguments.beam is not None and getattr(arguments, "nbest", None) is None:
        config.search.nbest = min(config.search.nbest, config.search.beam_size)
    try:
        check(config)
    except UsageError as error:
        message = str(error)
        for option, field in settings.items():  # under the names that this command has
            message = message.replace(f"search.{field}", f"--{option.replace('_', '-')}")
        raise UsageError(message) from None
    return config.search


def warn_of_cut(what: str, most: int) -> None:
    """Say that a source was longer than search accepts."""
    print(
        f"mtlite: warning: {what} has more than {most:,} pieces and was cut (--max-source-tokens)",
        file=sys.stderr,
        flush=True,
    )


def existing_file(path: str, option: str) -> Path:
    """A file that is there.

    Raises:
        UsageError: if it is not.
    """
    if not Path(path).exists():
        raise UsageError(f"{option} {path} not found: give a text file with one sentence a line")
    if Path(path).is_dir():
        raise UsageError(f"{option} {path} is a folder: give a text file with one sentence a line")
    return Path(path)


def new_file(path: str, option: str) -> Path:
    """A file that is not there yet, in a folder that is.

    Raises:
        UsageError: if it is there, or the folder is not.
    """
    if Path(path).exists():
        raise UsageError(f"{option} {path} exists: give a new name")
    if not Path(path).parent.is_dir():
        raise UsageError(f"{option} {path}: there is no folder {Path(path).parent}")
    return Path(path)
