"""`mtlite topologies`"""

from __future__ import annotations

from mtlite.commands.parsing import Parser
from mtlite.models.table import OPTIONAL, TOPOLOGIES, refuse_unsupported


def run(arguments: list[str]) -> None:
    """Print the table, or one topology in full."""
    parser = Parser("topologies", "List the topologies and the options that each can have.")
    parser.add_argument("name", nargs="?", help="show this one in full")
    options = parser.parse(arguments)
    if options.name:
        refuse_unsupported(options.name, {})

        from mtlite.hardware import start_tensorflow

        start_tensorflow(threads=0)
        from mtlite.models.build import topology_class

        print(f"{options.name} ({TOPOLOGIES[options.name].family})\n")
        print(_docstring(topology_class(options.name)))
        return
    width = max(map(len, TOPOLOGIES))
    for name, entry in TOPOLOGIES.items():
        able = ", ".join(option for option in OPTIONAL if option in entry.options) or "-"
        print(f"{name:{width}}  {entry.family:14}  {entry.picture:20}  {able}")


def _docstring(cls: type) -> str:
    import inspect

    return inspect.getdoc(cls) or ""
