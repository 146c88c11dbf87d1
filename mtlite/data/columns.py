"""Which columns hold the source and the target: by their names, by languages, or by their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mtlite.config.options import DataConfig
from mtlite.config.read import shown
from mtlite.errors import UsageError
from mtlite.languages import language_of_column, same_language

_OTHER_NAMES = {
    "source": frozenset({"source", "src", "input", "sentence", "text", "original", "source text", "source sentence"}),
    "target": frozenset({"target", "tgt", "trg", "output", "translation", "target text", "target sentence"}),
}
"""What the columns of the sides may be called in the first line of a file, in any case."""


@dataclass(frozen=True)
class Side:
    """What is known of the column of one side."""

    side: str  # source or target
    asked: str | None = None  # the name or the number that the user gave
    language: str | None = None

    @property
    def number(self) -> int | None:
        """The number that the user gave, from 1."""
        return int(self.asked) if self.asked and self.asked.isascii() and self.asked.isdigit() else None

    @property
    def expected(self) -> str:
        """The names that the column may have, for messages."""
        return self.asked or " or ".join(filter(None, [self.language, self.side]))

    def places(self, names: Sequence[str]) -> list[int]:
        """Where the column may be: by the name asked for, or else by language, or else by side.

        A name counts as it is written, or else but for case and spaces around it; a language by any code, or its name.
        """
        for want in [self.asked] if self.asked else [self.language, self.side]:
            if want is None:
                continue
            if found := _named(names, want) or _named([_plain(name) for name in names], _plain(want)):
                return found
            if want == self.language and (found := self._of_language(names)):
                return found
        return []

    def _of_language(self, names: Sequence[str]) -> list[int]:
        languages = [language_of_column(name) for name in names]
        return [place for place, each in enumerate(languages) if each and same_language(each, self.language or "")]

    def place_of_number(self, columns: int, where: str) -> int:
        """The place of a column that was asked for by its number; raise UsageError if there is none."""
        if self.number is None or not 1 <= self.number <= columns:
            expected = f"expected a column from 1 to {columns}, received {self.asked}"
            raise UsageError(f"{where}: data.{self.side}_column: {expected}")
        return self.number - 1


@dataclass(frozen=True)
class Columns:
    """The columns of both sides, and whether a file of rows has a header (None: as it looks)."""

    source: Side = Side("source")
    target: Side = Side("target")
    header: bool | None = None

    @classmethod
    def of(cls, config: DataConfig, source_language: str | None, target_language: str | None) -> Columns:
        asked = [None if each is None else str(each) for each in (config.source_column, config.target_column)]
        return cls(Side("source", asked[0], source_language), Side("target", asked[1], target_language))

    @property
    def sides(self) -> tuple[Side, Side]:
        """Source and target."""
        return self.source, self.target

    def choose(self, available: Sequence[str], where: str) -> tuple[str, str]:
        """Choose the names of the column of the source and that of the target."""
        source, target = (_only(side, side.places(available), available, where) for side in self.sides)
        check_different(source, target, available, where)
        return available[source], available[target]

    def choose_in_header(self, names: Sequence[str], where: str, remedy: str) -> tuple[int, int]:
        """Choose the places of both columns in the first row of a file, where a number may be given for a name, too.

        Where it names two sides or languages that nothing else is known of, the first is the source. `remedy` is what
        else may be done about a column that is not there.
        """
        found = [side.places(names) for side in self.sides]
        for place, side in enumerate(self.sides):
            if not found[place] and side.number is not None:
                found[place] = [side.place_of_number(len(names), where)]
            elif not found[place] and not side.asked:
                found[place] = _named_otherwise(names, side.side)
        free = [place for place in places_with_names(names) if [place] not in found]
        unknown = [place for place, side in enumerate(self.sides) if not (found[place] or side.asked or side.language)]
        if len(free) == len(unknown):
            for place, each in zip(unknown, free, strict=True):
                found[place] = [each]
        source, target = (_only(side, each, names, where, remedy) for side, each in zip(self.sides, found, strict=True))
        check_different(source, target, names, where)
        return source, target

    def is_header(self, cells: Sequence[str]) -> bool:
        """Whether a row names columns: those that were asked for by name, or else two different sides or languages."""
        asked = [side for side in self.sides if side.asked and side.number is None]
        if asked:
            return all(side.places(cells) for side in asked)
        return len({_plain(language_of_column(cells[place]) or cells[place]) for place in places_with_names(cells)}) > 1


def places_with_names(cells: Sequence[str]) -> list[int]:
    """Where a row names sides or languages."""
    named = {place for side in _OTHER_NAMES for place in _named_otherwise(cells, side)}
    return sorted(named | {place for place, cell in enumerate(cells) if language_of_column(cell)})


def check_different(source: int, target: int, names: Sequence[str], where: str) -> None:
    """Refuse one column for both sides."""
    if source == target:
        raise UsageError(f"{where}: source and target are both in column {shown(names[source])}; give two columns")


def _only(side: Side, found: list[int], names: Sequence[str], where: str, remedy: str = "") -> int:
    """The one place that was found; raise UsageError if there is none or more than one."""
    option = f"data.{side.side}_column"
    if not found:
        problem = f"no column {side.expected} for the {side.side}; available: {', '.join(map(shown, names))}"
        raise UsageError(f"{where}: {problem}; give data.{side.side}_language or {option}{remedy}")
    if len(found) > 1:
        same = " or ".join(dict.fromkeys(shown(names[place].strip()) for place in found))
        raise UsageError(f"{where}: more than one column {same}; give {option}, or rename one")
    return found[0]


def _named(names: Sequence[str], name: str) -> list[int]:
    return [place for place, each in enumerate(names) if each == name]


def _named_otherwise(names: Sequence[str], side: str) -> list[int]:
    return [place for place, name in enumerate(names) if _plain(name).replace("_", " ") in _OTHER_NAMES[side]]


def _plain(name: str) -> str:
    """A name without differences of case and surrounding spaces."""
    return name.strip().casefold()
