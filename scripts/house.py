"""Count what makes the code easy or hard to live in, as a table.

    python scripts/house.py
    python scripts/house.py --root ../older --rooms errors files config data models search training commands cli

`--root` is the checkout that is counted; one whose rooms are others needs `--rooms`, lowest first.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import NamedTuple

PACKAGE = "mtlite"
ROOMS = (
    *(
        "version",
        "errors",
        "visible",
        "notices",
        "limits",
        "languages",
        "runtime",
        "console",
        "config",
        "storage",
        "evaluation",
        "data",
        "layers",
        "topologies",
    ),
    *("search", "translation", "card", "training", "comparison", "ablation", "export", "page", "serve", "report"),
    *("commands", "cli", "__main__"),
)
"""Folders and single modules of the package: each imports from those before it only."""
SLOW = {
    "tensorflow",
    "keras",
    "datasets",
    "matplotlib",
    "sacrebleu",
    "scipy",
    "sentencepiece",
    "pyarrow",
    "rich",
    "sacremoses",
    "onnx",
    "onnxruntime",
    "starlette",
    "uvicorn",
    "prometheus_client",
    "huggingface_hub",
    "ray",
    "submitit",
}
"""Libraries that `mtlite --help` should not wait for."""
KERAS_LAYERS = {"Dense", "Dropout", "Embedding", "LayerNormalization", "LSTM"}
FEATURES = {
    "a topology": "peek",
    "a model option": "word_dropout",
    "a metric": "chrf2",
    "a training switch": "label_smoothing",
}
"""What is added now and then, and one of it that is there already."""
LONGEST = 60
"""Lines that a function may have."""
OPEN = r"(dict|Mapping)\[str, Any\]"
LIMITS = {"C901": "lint.mccabe.max-complexity=10", "PLR0913": "lint.pylint.max-args=7",
          "PLR0915": "lint.pylint.max-statements=50"}  # fmt: skip
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Import(NamedTuple):
    """An import statement that names a module, in the package or outside."""

    importer: Module
    imported: str
    line: int
    inside_function: bool

    def __str__(self) -> str:
        return f"{self.importer.path}:{self.line}: {self.importer.name} imports {self.imported}"


@dataclass(frozen=True)
class Module:
    """A file of the package: its dotted name without the package's."""

    name: str
    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]

    @property
    def functions(self) -> Iterator[Function]:
        """Functions and methods; what is defined within one belongs to it."""
        waiting: list[ast.AST] = [self.tree]
        while waiting:
            for node in ast.iter_child_nodes(waiting.pop()):
                if isinstance(node, Function):
                    yield node
                else:
                    waiting.append(node)

    @property
    def classes(self) -> Iterator[ast.ClassDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))


class Fact(NamedTuple):
    """A count, and how it is counted."""

    what: str
    number: int
    how: str


def lines_of(function: Function) -> int:
    """With decorators and docstring."""
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    return (function.end_lineno or first) - first + 1


class House:
    """The code in a folder of a checkout.

    Args:
        root: the checkout.
        rooms: lowest first.
        folder: the package, or another folder with code.
    """

    def __init__(self, root: Path, rooms: tuple[str, ...] = ROOMS, folder: str = PACKAGE) -> None:
        self.root, self.rooms = root, rooms
        self.folder = root / folder
        self.modules: dict[str, Module] = {}
        for path in sorted(self.folder.rglob("*.py")):
            parts = path.relative_to(self.folder).with_suffix("").parts
            if parts != ("__init__",):  # the public names of all rooms
                name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
                self.modules[name] = Module(name, path)

    @cached_property
    def imports(self) -> list[Import]:
        """Those of every module: module-level, in functions, and for types."""
        return [each for module in self.modules.values() for each in self._imports_of(module)]

    def _imports_of(self, module: Module) -> Iterator[Import]:
        inside = {id(node) for function in module.functions for node in ast.walk(function)}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                names = {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = {self._origin(str(node.module), alias.name) for alias in node.names}
            else:
                continue
            for name in sorted(names - {PACKAGE}):
                imported = name.removeprefix(f"{PACKAGE}.") if self._is_ours(name) else name
                yield Import(module, imported, node.lineno, id(node) in inside)

    def _is_ours(self, name: str) -> bool:
        return name.startswith(f"{PACKAGE}.")

    def _origin(self, module: str, name: str) -> str:
        """The module that `from module import name` reads."""
        full = f"{module}.{name}"
        return full if full.removeprefix(f"{PACKAGE}.") in self.modules and self._is_ours(full) else module

    def backward(self) -> list[Import]:
        """Imports from a room that is not before the importer's, or that no order knows."""
        place = {room: number for number, room in enumerate(self.rooms)}

        def is_backward(each: Import) -> bool:
            here, there = each.importer.room, each.imported.partition(".")[0]
            return here != there and not place.get(there, len(place)) < place.get(here, -1)

        return [each for each in self.imports if each.imported in self.modules and is_backward(each)]

    def cycles(self) -> list[list[str]]:
        """Groups of modules each of which reaches all the others."""
        reached = {name: self._reached(name, self.imports) for name in self.modules}
        groups = {
            tuple(other for other in self.modules if name in reached[other] and other in reached[name])
            for name in self.modules
        }
        return sorted(list(group) for group in groups if group)

    def _reached(self, name: str, imports: list[Import]) -> set[str]:
        following: dict[str, set[str]] = {}
        for each in imports:
            following.setdefault(each.importer.name, set()).add(each.imported)
        found: set[str] = set()
        waiting = [name]
        while waiting:
            new = following.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return found

    def needless_local_imports(self) -> list[Import]:
        """Imports in functions that do not put off a slow library."""
        at_top = [each for each in self.imports if not each.inside_function and not self._is_for_types(each)]

        @cache
        def slow(name: str) -> frozenset[str]:
            return frozenset(each.partition(".")[0] for each in {name, *self._reached(name, at_top)}) & SLOW

        return [
            each for each in self.imports if each.inside_function and not slow(each.imported) - slow(each.importer.name)
        ]

    @staticmethod
    def _is_for_types(each: Import) -> bool:
        blocks = [node for node in each.importer.tree.body if isinstance(node, ast.If)]
        return any(
            "TYPE_CHECKING" in ast.unparse(block.test) and block.lineno < each.line <= (block.end_lineno or 0)
            for block in blocks
        )

    def functions(self) -> list[tuple[int, str]]:
        """Lines and place of every function, longest first."""
        return sorted(
            (
                (lines_of(function), f"{module.path}:{function.lineno} {function.name}")
                for module in self.modules.values()
                for function in module.functions
            ),
            reverse=True,
        )

    def over_limits(self) -> list[str]:
        """Functions that Ruff finds too complex, with too many arguments or statements."""
        limits = [part for setting in LIMITS.values() for part in ("--config", setting)]
        command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--output-format", "json"]
        done = subprocess.run(
            [*command, "--select", ",".join(LIMITS), *limits, str(self.folder)], capture_output=True, check=False
        )
        return [f"{each['filename']}:{each['location']['row']} {each['message']}" for each in json.loads(done.stdout)]

    def without_test(self) -> list[str]:
        """Modules with behaviour (a function or a method), but without a test file of their name in the same place."""
        return [
            name for name, module in self.modules.items() if any(module.functions) and not self._test_of(name).is_file()
        ]

    def _test_of(self, name: str) -> Path:
        *folders, last = name.split(".")
        return self.root.joinpath("tests", *folders, f"test_{last}.py")

    def mentions(self, word: str) -> dict[str, int]:
        """Lines of each module that name a feature or its class, the module of its own name aside."""
        names = re.compile(rf"(?<![A-Za-z_]){word}(?![A-Za-z_])", re.IGNORECASE)
        found = {name: len(list(filter(names.search, module.text.splitlines())))
                 for name, module in self.modules.items() if name.rpartition(".")[2] != word}  # fmt: skip
        return {name: lines for name, lines in found.items() if lines}

    def lines_with(self, pattern: str) -> int:
        """Lines of the package in which a pattern stands."""
        texts = (path.read_text(encoding="utf-8") for path in self.folder.rglob("*.py"))
        return sum(re.search(pattern, line) is not None for text in texts for line in text.splitlines())

    def named(self, stem: str) -> Module:
        """The topology of that file name."""
        return next(
            module for name, module in self.modules.items() if name.endswith(f"topologies.{stem}") or name == stem
        )

    def changed_lines(self, first: str, second: str) -> int:
        """Lines that differ between two topologies, docstrings and comments aside: those added and those removed."""
        one, other = (bare(self.named(stem)) for stem in (first, second))
        return sum(line[0] in "+-" and line[:3] not in ("+++", "---") for line in difflib.unified_diff(one, other))

    def files_behind(self, stem: str) -> set[str]:
        """Modules that define what a topology uses: its imports, its bases, the classes of the parts that it makes."""
        module = self.named(stem)
        used = {node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)}
        found = {module.name} | {each.imported for each in self._imports_of(module) if each.imported in self.modules}
        waiting = [(module, next(module.classes))]
        while waiting:
            inner, defined = waiting.pop()
            for base, there in self._classes_named(inner, {ast.unparse(base) for base in defined.bases}):
                waiting.append((there, base))
                methods = [node for node in base.body if isinstance(node, Function) and node.name in used]
                returned = {ast.unparse(method.returns) for method in methods if method.returns} - KERAS_LAYERS
                found |= {there.name, *(made.name for _, made in self._classes_named(there, returned))}
        return found

    def _classes_named(self, module: Module, names: set[str]) -> Iterator[tuple[ast.ClassDef, Module]]:
        """Classes of the package that a module knows under these names."""
        for name in sorted({each.imported for each in self._imports_of(module)} | {module.name}):
            if name in self.modules:
                there = self.modules[name]
                yield from ((each, there) for each in there.classes if each.name in names)


def bare(module: Module) -> list[str]:
    """The lines of a module without docstrings and comments."""
    tree = ast.parse(module.text)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, Function)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree).splitlines()


def facts(house: House) -> list[Fact]:
    """All counts, those that should be zero first."""
    pairs = {(each.importer.room, each.imported.partition(".")[0]) for each in house.backward()}
    lengths = [lines for lines, _ in house.functions()]
    behind = sorted(house.files_behind("peek"))
    slow = ", ".join(sorted(SLOW))
    return [
        Fact("arrows back", len(pairs), "pairs of rooms: one imports from another that is not before it"),
        Fact("cycles", len(house.cycles()), "groups of modules that import each other"),
        Fact("needless local imports", len(house.needless_local_imports()), f"in functions, but none of {slow} waits"),
        Fact("functions over a limit", len(house.over_limits()), f"Ruff, with {', '.join(LIMITS.values())}"),
        Fact("long functions", sum(lines > LONGEST for lines in lengths), f"more than {LONGEST} lines"),
        Fact("modules without a test", len(house.without_test()), "a function or method, no test file that mirrors it"),
        Fact("local imports", sum(each.inside_function for each in house.imports), "import statements in functions"),
        Fact("open dictionaries", house.lines_with(OPEN), "lines with dict[str, Any] or Mapping[str, Any]"),
        Fact("lines", house.lines_with(""), "of the package"),
        Fact("longest function", max(lengths), "lines, decorators and docstring included"),
        *chain.from_iterable(mentioning(house, feature, word) for feature, word in FEATURES.items()),
        *(Fact(f"changed lines {one} → {other}", house.changed_lines(one, other), "docstrings, comments aside")
          for one, other in (("encoder_decoder", "peek"), ("encoder_decoder", "attention"))),
        Fact("files behind peek", len(behind), f"define what peek.py uses: {', '.join(behind)}"),
    ]  # fmt: skip


def mentioning(house: House, feature: str, word: str) -> list[Fact]:
    """Files and lines that a feature takes outside its own file."""
    mentions = house.mentions(word)
    return [
        Fact(f"files for {feature}", len(mentions), f"other modules that name {word}"),
        Fact(f"lines for {feature}", sum(mentions.values()), f"their lines that name {word}"),
    ]


def print_places(house: House) -> None:
    """Every place that is counted as wrong, under its heading."""
    long = [f"{place}: {lines} lines" for lines, place in house.functions() if lines > LONGEST]
    places: dict[str, Sequence[object]] = {
        "arrows back": house.backward(),
        "cycles": [" ↔ ".join(cycle) for cycle in house.cycles()],
        "needless local imports": house.needless_local_imports(),
        "over a limit": house.over_limits() + long,
        "without a test": house.without_test(),
    }
    for heading, found in places.items():
        print(f"\n{heading}:", *found, sep="\n  ")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1], help="(default: this one)")
    parser.add_argument("--rooms", nargs="+", default=ROOMS, help="rooms of the package, lowest first")
    parser.add_argument("--list", action="store_true", help="also list every place that is counted as wrong")
    options = parser.parse_args()
    house = House(options.root, tuple(options.rooms))
    print("| what | number | how it is counted |\n|---|--:|---|")
    for fact in facts(house):
        print(f"| {fact.what} | {fact.number:,} | {fact.how} |")
    if options.list:
        print_places(house)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
