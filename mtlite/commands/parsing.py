"""Argument parsers whose errors are the project's own, and the options that several commands share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Container, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args, get_origin

from mtlite.config.options import METRICS, SearchConfig
from mtlite.config.read import members, split, unknown_option
from mtlite.config.recipe import Option, Values, from_text, nested, options
from mtlite.config.registry import register_topology
from mtlite.errors import UsageError
from mtlite.export.engine import Engine
from mtlite.storage.files import refuse_unwritable
from mtlite.storage.run_directory import Run
from mtlite.translation.loading import search_of
from mtlite.visible import visible_line

AS_RUN = "(default: as the run was configured)"
_SEARCH = (
    *("beam", "length_penalty", "blank_penalty", "min_length", "max_source_tokens", "nbest", "equal_texts"),
    *("sample", "temperature", "top_k", "top_p"),
)
"""Options of commands that search; `--beam` is `search.beam_size`, the others are named as in a recipe."""


_GIVEN = "options that were given"


class _Help(argparse.HelpFormatter):
    """Every option with its default, unless its text says on what the default depends."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text = action.help or ""
        if not action.option_strings or action.required or action.nargs == 0 or "(default: " in text:
            return text
        return f"{text} (default: {'none' if action.default is None else '%(default)s'})"


class _Once(argparse.Action):
    """An option that is given twice says two things, of which one would be ignored: an error."""

    def __call__(
        self, parser: Any, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        given = vars(namespace).setdefault(_GIVEN, set())
        if self.option_strings and self.dest in given:
            raise argparse.ArgumentError(self, "is given twice: give it once")
        given.add(self.dest)
        super().__call__(parser, namespace, values, option_string)


class _StoreOnce(_Once, argparse._StoreAction):
    """A value."""


class _StoreTrueOnce(_Once, argparse._StoreTrueAction):
    """A switch."""


class Parser(argparse.ArgumentParser):
    """A parser that raises `UsageError` and names the nearest option."""

    def __init__(self, command: str, description: str, usage: str | None = None, remedy: str | None = None) -> None:
        super().__init__(
            prog=f"mtlite {command}",
            description=description,
            usage=usage,
            allow_abbrev=False,
            formatter_class=_Help,
        )
        self.remedy = remedy or f"see {self.prog} --help"  # for an argument too many
        for name, action in ((None, _StoreOnce), ("store", _StoreOnce), ("store_true", _StoreTrueOnce)):
            self.register("action", name, action)
        # Instead of "invalid int value".
        self.register("type", int, partial(_read, int, "a whole number"))
        self.register("type", float, partial(_read, float, "a number"))
        self.add_argument("--debug", action="store_true", help="show where an error comes from")
        self.add_argument(
            "--topology",
            action="append",
            default=[],
            metavar="MODULE:CLASS",
            help="allow a run or a recipe to load this topology of yours, such as my_module:MyTopology (default: none)",
        )

    def parse(self, arguments: list[str]) -> argparse.Namespace:
        """Parse, and refuse unknown options."""
        parsed, unknown = self.parse_known_args(arguments)
        vars(parsed).pop(_GIVEN, None)
        if unknown:
            option = unknown[0].split("=")[0]
            if not option.startswith("-"):
                raise UsageError(f"{self.prog}: unexpected argument '{option}': {self.remedy}")
            names = [name for action in self._actions for name in action.option_strings if name.startswith("--")]
            section = option.rpartition(".")[0]
            siblings = [name for name in names if name.rpartition(".")[0] == section]
            siblings = siblings or [name for name in names if "." not in name]
            raise UsageError(f"{self.prog}: {unknown_option(option, siblings, names)}")
        for topology in parsed.topology:
            register_topology(topology)
        return parsed

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help, and fail if it cannot be written, which `argparse` does not."""
        print(message, end="", file=file or sys.stderr)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message} (see {self.prog} --help)")


def _read(kind: type, expected: str, text: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected {expected}, received {text}") from None


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Make a type of option: a whole number in a range."""

    def read(text: str) -> int:
        number: int = _read(int, "a whole number", text)
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"expected {least} to {most}, received {number}")
        return number

    return read


def add_config_options(parser: Parser, names: Container[str] | None = None) -> None:
    """Add every option of `Config`, or those of some names, in groups as its sections."""
    groups = {"": parser.add_argument_group("everything")}
    for option in options():
        section = option.name.rpartition(".")[0]
        if names is None or option.name in names:
            if section not in groups:
                groups[section] = parser.add_argument_group(section)
            add_option(groups[section], option, _metavar(option))


def add_option(group: Any, option: Option, metavar: str) -> None:
    """Add one option of a recipe, which is not in the result if it is not given."""
    default = "none" if option.default is None else str(option.default).lower()
    text = option.help if "(default: " in option.help else f"{option.help} (default: {default})"
    text = text.replace("%", "%%")
    group.add_argument(f"--{option.name}", default=argparse.SUPPRESS, metavar=metavar, help=text)


def config_values(parsed: argparse.Namespace) -> Values:
    """The options of `add_config_options` that were given, nested as in a recipe."""
    texts = [(option, getattr(parsed, option.name)) for option in options() if hasattr(parsed, option.name)]
    given = {option.name: from_text(option, text) for option, text in texts}
    if ":" in str(given.get("model.topology")):
        register_topology(given["model.topology"])
    return nested(given)


def _metavar(option: Option) -> str:
    kinds = [split(kind)[0] for kind in members(option.kind)]
    if get_origin(option.kind) is Literal:
        return f"{{{','.join(map(str, get_args(option.kind)))}}}"
    if bool in kinds:
        return "{true,false}"
    if get_origin(option.kind) is list:
        return "'[TEXT, TEXT]'"
    if get_origin(option.kind) is dict:
        return "'{NAME: {source: FILE, target: FILE}}'"
    return "NUMBER" if {int, float} & {*kinds} and str not in kinds else "TEXT"


def add_metrics_option(parser: Parser) -> None:
    """Add the choice of metrics; `metrics_of` checks what was given."""
    names = f"metrics in their order, with commas: {', '.join(METRICS)} {AS_RUN}"
    parser.add_argument("--metrics", type=lambda text: text.split(","), metavar="NAME,NAME", help=names)


def named_paths(option: str, given: Sequence[str] | None) -> dict[str, list[str]]:
    """Read `NAME=PATH`, given any number of times: by name, the paths in their order."""
    found: dict[str, list[str]] = {}
    for text in given or ():
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise UsageError(f"{option}: expected NAME=PATH, received {text[:80]}")
        found.setdefault(name, []).append(path)
    return found


def add_search_options(parser: Parser) -> None:
    """Add options of search; those that are not given are as the run says."""
    beam = f"hypotheses kept at every step; 1 is greedy {AS_RUN}"
    penalty = f"0 prefers short hypotheses, 1 long ones {AS_RUN}"
    least = f"pieces that a hypothesis has at least {AS_RUN}"
    most, threads = f"longer sources are cut, with a warning {AS_RUN}", "processor threads; 0 takes all"
    group = parser.add_argument_group("search")
    group.add_argument("--beam", type=int, metavar="K", help=beam)
    group.add_argument("--length-penalty", type=float, metavar="P", help=penalty)
    blank = f"taken from the logit of a blank: the more, the longer are outputs of ctc {AS_RUN}"
    group.add_argument("--blank-penalty", type=float, metavar="P", help=blank)
    group.add_argument("--min-length", type=int, metavar="N", help=least)
    group.add_argument("--max-source-tokens", type=int, metavar="N", help=most)
    group.add_argument("--threads", type=whole_number(0, 4096), default=0, metavar="N", help=threads)


def add_engine_option(parser: Parser) -> None:
    """Add the option that says what translates."""
    engine = "what translates: onnx starts in a second, in float32; auto takes it where it is installed and can do it"
    parser.add_argument("--engine", choices=get_args(Engine), default="auto", help=engine)


def search_config(parsed: argparse.Namespace, run: Run) -> SearchConfig:
    """The run's search settings with the options of the command line over them."""
    given = {name: getattr(parsed, name) for name in _SEARCH if getattr(parsed, name, None) is not None}
    if (beam := given.pop("beam", None)) is not None:
        given = {"nbest": min(run.config.search.nbest, max(1, beam)), **given, "beam_size": beam}
    try:
        return search_of(run, given)
    except UsageError as error:
        message = str(error).replace("search.beam_size", "--beam")
        for name in _SEARCH:  # under the names that this command has
            message = message.replace(f"search.{name}", f"--{name.replace('_', '-')}")
        raise UsageError(message) from None


def warn_of_truncation(what: str, most: int) -> None:
    """Say that a source was longer than search accepts."""
    text = f"mtlite: warning: {what} has more than {most:,} pieces and was cut (--max-source-tokens)"
    print(visible_line(text), file=sys.stderr, flush=True)


def existing_file(path: str, option: str) -> Path:
    """Refuse a file that is not there."""
    if not Path(path).exists() or Path(path).is_dir():
        problem = "is a folder" if Path(path).is_dir() else "not found"
        raise UsageError(f"{option} {path} {problem}: give a text file with one sentence a line")
    return Path(path)


def new_file(path: str, option: str) -> Path:
    """Refuse a file that is there, or whose folder is not there or cannot be written into."""
    if Path(path).exists():
        raise UsageError(f"{option} {path} exists: give a new name")
    if not Path(path).parent.is_dir():
        raise UsageError(f"{option} {path}: there is no folder {Path(path).parent}")
    refuse_unwritable(Path(path).parent, f"{option} {path}")
    return Path(path)


def new_picture(path: str, option: str) -> Path:
    """Refuse a picture as `new_file` does, or for the ending of its name."""
    if not path.endswith((".png", ".svg", ".pdf")):
        raise UsageError(f"{option} {path}: expected a name that ends in .png, .svg or .pdf")
    return new_file(path, option)
