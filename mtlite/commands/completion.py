"""`mtlite completion`"""

from __future__ import annotations

import argparse
import importlib
from typing import Any, Literal, get_args, get_origin

import shtab

from mtlite.ablation.options import AblationConfig
from mtlite.commands import COMMANDS
from mtlite.commands.parsing import Parser
from mtlite.config.read import members, split
from mtlite.config.recipe import options as options_of
from mtlite.config.registry import TOPOLOGIES

_PATHS = (
    *("run", "recipe", "folder", "systems", "input", "output", "source", "reference", "record", "baseline"),
    "ablation",
)


def make_parser() -> Parser:
    """Its options."""
    parser = Parser(
        "completion",
        "Print a script that completes commands, options and their values. For bash: mtlite completion bash > "
        "~/.local/share/bash-completion/completions/mtlite. For zsh: a file _mtlite in a folder of $fpath. For fish: "
        "~/.config/fish/completions/mtlite.fish.",
    )
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell")
    return parser


def run(options: argparse.Namespace) -> None:
    """Print the script."""
    print(shtab.complete(whole_parser(), options.shell))


def whole_parser() -> argparse.ArgumentParser:
    """One parser with all commands, whose options know their values."""
    everything = argparse.ArgumentParser("mtlite")
    commands = everything.add_subparsers()
    values = {option.name: _values(option.kind) for option in (*options_of(), *options_of(AblationConfig, "ablation."))}
    values |= {name: list(TOPOLOGIES) for name in ("model.topology", "ablation.baseline", "name")}
    for name, summary in COMMANDS.items():
        parser = importlib.import_module(f"mtlite.commands.{name}").make_parser()
        for action in parser._actions:
            action.choices = action.choices or values.get(action.dest) or None
            if not action.choices and (action.dest in _PATHS or action.metavar == "TEXT"):
                action.complete = shtab.FILE
        commands.add_parser(name, parents=[parser], add_help=False, help=summary)
    return everything


def _values(kind: Any) -> list[str]:
    """What an option may be, where that can be listed."""
    if get_origin(kind) is Literal:
        return [str(value) for value in get_args(kind)]
    return ["true", "false"] if bool in [split(each)[0] for each in members(kind)] else []
