"""The command line: the commands, and how errors are reported."""

from __future__ import annotations

import contextlib
import difflib
import errno
import importlib
import os
import platform
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from mtlite.commands import COMMANDS
from mtlite.errors import UsageError, explain
from mtlite.runtime import refuse_other_backends
from mtlite.version import __version__
from mtlite.visible import visible_line

VERSIONS = ("tensorflow", "keras", "numpy", "sentencepiece", "sacrebleu", "datasets", "huggingface_hub")
"""What a result depends on most."""
EXTRAS = {"serve": ("starlette", "uvicorn"), "onnx": ("onnx", "onnxruntime"), "moses": ("sacremoses",)}
"""By name, libraries that tell whether it is installed."""


def overview() -> str:
    """Write the text of `mtlite --help`."""
    width = max(map(len, COMMANDS))
    rows = "\n".join(f"  {name:{width}}  {summary}" for name, summary in COMMANDS.items())
    return (
        "usage: mtlite COMMAND [options]\n\n"
        "A laboratory for machine translation with recurrent sequence models.\n\n"
        f"commands:\n{rows}\n\n"
        "mtlite COMMAND --help explains every option with its default. --debug shows where an error comes from."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; give exit code 0, 1 (something outside is wrong), 2 (the request is wrong) or 128 + a signal.

    `arguments` do not include the program's name; they are those of the process if None.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    given = [argument for argument in given if argument != "--debug"]
    try:
        from mtlite.console import acknowledge_signals, ended_by_signals, lasting_standard_error, prepare_streams

        prepare_streams()
        with lasting_standard_error() as say, acknowledge_signals("mtlite: stopping …", say), ended_by_signals():
            code = _run(given)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read our output has seen enough
        _discard_output()
        return 0
    except KeyboardInterrupt as end:
        return _fail(str(end) or "stopped", 128 + getattr(end, "number", signal.SIGINT))
    except Exception as error:
        if debug:
            raise
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            _discard_output()
        return _fail(*explain(error, "run again with --debug to see where"))


def _run(given: list[str]) -> int:
    if not given or given[0] in ("-h", "--help"):
        print(overview())
        return 0 if given else 2
    command = given[0]
    if command == "--version":
        print(f"mtlite {__version__}")
        print(f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in VERSIONS), sep=", ")
        print("extras:", "; ".join(f"{extra} {_installed(names)}" for extra, names in EXTRAS.items()))
        return 0
    if command not in COMMANDS:
        near = difflib.get_close_matches(command, COMMANDS, 1) or list(COMMANDS)
        raise UsageError(f"unknown command '{command}': expected {', '.join(near)} (mtlite --help lists all)")
    module = importlib.import_module(f"mtlite.commands.{command}")
    try:
        options = module.make_parser().parse(given[1:])
    except SystemExit as end:  # --help of a command
        return int(end.code or 0)
    refuse_other_backends()
    module.run(options)
    return 0


def _installed(names: Sequence[str]) -> str:
    """Libraries with their versions, or that they are not there."""
    try:
        return ", ".join(f"{name} {version(name)}" for name in names)
    except PackageNotFoundError:
        return "not installed"


def _discard_output() -> None:
    """Drop what could not be written: it is still buffered, and would be tried again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int) -> int:
    text = visible_line(message)
    with contextlib.suppress(OSError):  # a terminal that was closed
        print(text if text.startswith("mtlite ") else f"mtlite: {text}", file=sys.stderr)
    return code
