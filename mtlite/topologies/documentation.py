"""The docstrings of topologies and the pictures in them, read from their files."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

from mtlite.config.registry import entry_of
from mtlite.errors import UsageError


def documentation(name: str) -> str:
    """Read the docstring of a topology from its file, without importing it."""
    module, _, class_name = entry_of(name).path.partition(":")
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return ""
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name]
    return (ast.get_docstring(classes[0]) or "") if classes else ""


def picture(name: str) -> list[str]:
    """The lines of the picture in a topology's docstring: `o` are vectors, `·` blanks, the rest arrows and words."""
    found = re.search(r"^```\n(.*?o.*?)\n```$", documentation(name), re.DOTALL | re.MULTILINE)
    if not found:
        raise UsageError(
            f"topology {name} has no picture: expected lines between ``` and ``` in the docstring of its class, of o "
            "(a vector), · (a blank), arrows → ↑ ↗ and words; or parts=Parts(…) in its entry"
        )
    return found[1].splitlines()  # type: ignore[no-any-return]
