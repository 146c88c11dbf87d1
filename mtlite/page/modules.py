"""JavaScript modules joined into one script: a page that opens from disk may not import any."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mtlite.errors import MtliteError

_IMPORT = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"(\.[^"\n]*)";?[ \t]*$', re.MULTILINE)
_EXPORT = re.compile(r"^export\s+(?=(?:async\s+)?function\b|class\b|const\b)", re.MULTILINE)
_DEFINED = re.compile(
    r"^(export\s+)?(?:(?:async\s+)?function\s*\*?|class|const|let|var)\s+([A-Za-z_$][\w$]*)", re.MULTILINE
)
_TAKEN = re.compile(r"^(export\s+)?(?:const|let|var)\s*(?:\[([\w$,\s]*)\]|\{([\w$,\s]*)\})\s*=", re.MULTILINE)
"""Names that are taken out of a list or an object."""
_UNKNOWN = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
"""What is left of imports and exports in another form."""


class ModuleError(MtliteError):
    """Modules cannot be joined: a fault of the package."""


@dataclass(frozen=True)
class Module:
    """A file of JavaScript."""

    path: Path

    @cached_property
    def text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise ModuleError(f"{self.path} not found: expected a module of the page") from None

    @cached_property
    def imports(self) -> dict[Path, list[str]]:
        """The names that it takes from each other module."""
        found: dict[Path, list[str]] = {}
        for names, other in _IMPORT.findall(self.text):
            path = (self.path.parent / other).resolve()
            found.setdefault(path, []).extend(name.strip() for name in names.split(",") if name.strip())
        return found

    @cached_property
    def defined(self) -> dict[str, bool]:
        """The names at its top level, and whether it exports them. They stand at the beginning of a line."""
        found = {name: bool(exported) for exported, name in _DEFINED.findall(self.text)}
        for exported, *lists in _TAKEN.findall(self.text):
            found |= {name.strip(): bool(exported) for name in "".join(lists).split(",") if name.strip()}
        return found

    @property
    def body(self) -> str:
        """Its text without imports and the word `export`."""
        body = _EXPORT.sub("", _IMPORT.sub("", self.text))
        if strange := _UNKNOWN.search(body):
            forms = 'import {a, b} from "./other.js", and export before a function, class or const'
            raise ModuleError(f"{self.path}: expected {forms}, received {strange[0][:80]!r}")
        return body.strip()


def in_order(entry: Path) -> list[Module]:
    """A module and all that it imports, each once and after what it imports.

    ModuleError if modules import each other, or a name that the other does not export.
    """
    ordered: dict[Path, Module] = {}

    def visit(path: Path, importers: tuple[Path, ...]) -> None:
        if path in importers:
            circle = " → ".join(each.name for each in (*importers[importers.index(path) :], path))
            raise ModuleError(f"{path}: modules import each other: {circle}")
        if path in ordered:
            return
        module = Module(path)
        for other, names in module.imports.items():
            visit(other, (*importers, path))
            for name in names:
                if not ordered[other].defined.get(name):
                    raise ModuleError(f"{path} imports {name!r}, which {other.name} does not export")
        ordered[path] = module

    visit(entry.resolve(), ())
    return list(ordered.values())


def join(entry: Path) -> str:
    """One script out of a module and all that it imports; ModuleError if two define the same name."""
    owners: dict[str, Module] = {}
    modules = in_order(entry)
    for module in modules:
        for name in module.defined:
            if name in owners:
                raise ModuleError(f"{module.path} and {owners[name].path} both define {name!r}: expected another name")
            owners[name] = module
    bodies = "\n\n".join(f"// {module.path.name}\n{module.body}" for module in modules)
    return f'(() => {{\n"use strict";\n\n{bodies}\n}})();\n'
