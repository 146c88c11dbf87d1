"""What any test can make: a small corpus of numbers in English and German, and changed configurations."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

NUMBERS = {
    "one": "eins",
    "two": "zwei",
    "three": "drei",
    "four": "vier",
    "five": "fünf",
    "six": "sechs",
    "seven": "sieben",
    "eight": "acht",
    "nine": "neun",
    "ten": "zehn",
}


def number_pairs(count: int, seed: int) -> list[tuple[str, str]]:
    """Different sequences of numbers in English and German."""
    draw = random.Random(seed)
    pairs: dict[str, str] = {}
    while len(pairs) < count:
        words = draw.choices(list(NUMBERS), k=draw.randint(1, 6))
        pairs[" ".join(words)] = " ".join(NUMBERS[word] for word in words)
    return list(pairs.items())


GERMAN = [target for _, target in number_pairs(60, seed=1)]


def write_pairs(folder: Path, name: str, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Two text files; their paths as options."""
    paths = {"source": str(folder / f"{name}.en"), "target": str(folder / f"{name}.de")}
    for path, lines in zip(paths.values(), zip(*pairs, strict=True), strict=True):
        Path(path).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return paths


def rows_of(path: Path) -> list[list[str]]:
    """The cells of a file with tabs."""
    return [line.split("\t") for line in path.read_text("utf-8").split("\n")[:-1]]


def changed(config: Any, **values: Any) -> Any:
    """A configuration with other values; a dictionary changes a section: `changed(config, model={"units": 16})`."""
    sections = {
        name: changed(getattr(config, name), **value)
        if isinstance(value, dict) and dataclasses.is_dataclass(getattr(config, name))
        else value
        for name, value in values.items()
    }
    return dataclasses.replace(config, **sections)
